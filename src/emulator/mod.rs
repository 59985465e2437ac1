//! A local stand-in for the Alibaba Cloud services behind the provider.
