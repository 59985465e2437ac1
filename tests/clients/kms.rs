//! Keys as KMS describes them.

use cloud::error::ErrorKind;
use cloud::kms::KeyState;

use crate::scene::{each, refused};

#[tokio::test]
async fn keys_are_described_with_their_state_and_kind() {
    each(async |scene| {
        let (kms, context) = (&scene.kms, &scene.context);
        let aes = kms.describe_key(context, "key-aes").await.unwrap();
        assert_eq!((&aes.key_state, aes.key_usage.as_str()), (&KeyState::Enabled, "ENCRYPT/DECRYPT"));
        assert!(aes.is_symmetric());
        assert_eq!((aes.region_id(), aes.delete_date.as_deref()), (Some("cn-hangzhou"), None));
        let off = kms.describe_key(context, "key-off").await.unwrap();
        assert_eq!(off.key_state, KeyState::Disabled);
        assert!(!kms.describe_key(context, "key-rsa").await.unwrap().is_symmetric());
    })
    .await;
}

#[tokio::test]
async fn keys_and_aliases_that_do_not_exist_are_not_found() {
    each(async |scene| {
        let (kms, context) = (&scene.kms, &scene.context);
        let gone = kms.describe_key(context, "gone").await;
        refused(gone, ErrorKind::NotFound, "Forbidden.KeyNotFound");
        let gone = kms.describe_key(context, "alias/gone").await;
        refused(gone, ErrorKind::NotFound, "Forbidden.AliasNotFound");
    })
    .await;
}
