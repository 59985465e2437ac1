//! What the official provider (aliyun/terraform-provider-alicloud) sends, and what it expects to be answered.

mod ram_kms_sts;
mod sls;
