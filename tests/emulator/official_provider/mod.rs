//! What the official provider (aliyun/terraform-provider-alicloud) sends, and what it expects to be answered.

mod first_calls;
mod rpc;
mod sls;
