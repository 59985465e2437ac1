//! From wire messages to the messages of [`schema`].

use super::pb::tfplugin6 as pb;
use schema::messages::{
    ApplyRequest, ConfigureRequest, DataReadRequest, Encoded, GenerateConfigRequest, ImportRequest,
    ListRequest, MoveRequest, PlanRequest, RawState, ReadRequest, UpgradeIdentityRequest,
    UpgradeStateRequest,
};

/// A value; a message that is missing or empty is an absent one.
pub(super) fn value(value: Option<pb::DynamicValue>) -> Encoded {
    match value {
        Some(value) if !value.msgpack.is_empty() => Encoded::Msgpack(value.msgpack),
        Some(value) if !value.json.is_empty() => Encoded::Json(value.json),
        _ => Encoded::Absent,
    }
}

pub(super) fn configure(request: pb::configure_provider::Request) -> ConfigureRequest {
    ConfigureRequest { terraform_version: request.terraform_version, config: value(request.config) }
}

pub(super) fn upgrade_state(request: pb::upgrade_resource_state::Request) -> UpgradeStateRequest {
    UpgradeStateRequest {
        type_name: request.type_name,
        version: request.version,
        raw_state: raw_state(request.raw_state),
    }
}

pub(super) fn upgrade_identity(request: pb::upgrade_resource_identity::Request) -> UpgradeIdentityRequest {
    UpgradeIdentityRequest {
        type_name: request.type_name,
        version: request.version,
        raw_identity: raw_state(request.raw_identity),
    }
}

pub(super) fn read(request: pb::read_resource::Request) -> ReadRequest {
    ReadRequest {
        type_name: request.type_name,
        current_state: value(request.current_state),
        private: request.private,
        current_identity: identity(request.current_identity),
    }
}

pub(super) fn plan(request: pb::plan_resource_change::Request) -> PlanRequest {
    PlanRequest {
        type_name: request.type_name,
        prior_state: value(request.prior_state),
        proposed_new_state: value(request.proposed_new_state),
        config: value(request.config),
        prior_private: request.prior_private,
        prior_identity: identity(request.prior_identity),
    }
}

pub(super) fn apply(request: pb::apply_resource_change::Request) -> ApplyRequest {
    ApplyRequest {
        type_name: request.type_name,
        prior_state: value(request.prior_state),
        planned_state: value(request.planned_state),
        config: value(request.config),
        planned_private: request.planned_private,
        planned_identity: identity(request.planned_identity),
    }
}

pub(super) fn import(request: pb::import_resource_state::Request) -> ImportRequest {
    ImportRequest { type_name: request.type_name, id: request.id, identity: identity(request.identity) }
}

pub(super) fn generate_config(request: pb::generate_resource_config::Request) -> GenerateConfigRequest {
    GenerateConfigRequest { type_name: request.type_name, state: value(request.state) }
}

pub(super) fn read_data_source(request: pb::read_data_source::Request) -> DataReadRequest {
    DataReadRequest {
        type_name: request.type_name,
        config: value(request.config),
        deferral_allowed: request.client_capabilities.is_some_and(|host| host.deferral_allowed),
    }
}

pub(super) fn list(request: pb::list_resource::Request) -> ListRequest {
    ListRequest {
        type_name: request.type_name,
        config: value(request.config),
        include_resource: request.include_resource_object,
        limit: request.limit,
    }
}

pub(super) fn r#move(request: pb::move_resource_state::Request) -> MoveRequest {
    MoveRequest {
        source_provider_address: request.source_provider_address,
        source_type_name: request.source_type_name,
        source_schema_version: request.source_schema_version,
        source_state: raw_state(request.source_state),
        source_private: request.source_private,
        source_identity: raw_state(request.source_identity),
        target_type_name: request.target_type_name,
    }
}

fn identity(identity: Option<pb::ResourceIdentityData>) -> Encoded {
    value(identity.and_then(|identity| identity.identity_data))
}

fn raw_state(state: Option<pb::RawState>) -> RawState {
    let state = state.unwrap_or_default();
    RawState { json: state.json, is_flatmap: !state.flatmap.is_empty() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn msgpack(bytes: &[u8]) -> pb::DynamicValue {
        pb::DynamicValue { msgpack: bytes.to_vec(), json: vec![] }
    }

    fn identity_data(bytes: &[u8]) -> pb::ResourceIdentityData {
        pb::ResourceIdentityData { identity_data: Some(msgpack(bytes)) }
    }

    fn json_state(json: &[u8]) -> pb::RawState {
        pb::RawState { json: json.to_vec(), ..Default::default() }
    }

    fn encoded(bytes: &[u8]) -> Encoded {
        Encoded::Msgpack(bytes.to_vec())
    }

    #[test]
    fn a_value_is_messagepack_before_json_before_nothing() {
        let of = |msgpack: &[u8], json: &[u8]| {
            value(Some(pb::DynamicValue { msgpack: msgpack.to_vec(), json: json.to_vec() }))
        };
        assert_eq!(value(None), Encoded::Absent);
        assert_eq!(of(b"", b""), Encoded::Absent);
        assert_eq!(of(b"\xc0", b""), encoded(b"\xc0"));
        assert_eq!(of(b"", b"null"), Encoded::Json(b"null".to_vec()));
        assert_eq!(of(b"\xc0", b"1"), encoded(b"\xc0"));
    }

    #[test]
    fn an_identity_without_data_is_absent() {
        assert_eq!(identity(None), Encoded::Absent);
        assert_eq!(identity(Some(pb::ResourceIdentityData::default())), Encoded::Absent);
        assert_eq!(identity(Some(identity_data(b"a"))), encoded(b"a"));
    }

    #[test]
    fn a_state_of_before_terraform_0_12_is_recognised() {
        let flatmap = BTreeMap::from([("id".to_owned(), "1".to_owned())]);
        assert!(raw_state(Some(pb::RawState { json: vec![], flatmap })).is_flatmap);
        let json = pb::RawState { json: b"{}".to_vec(), ..Default::default() };
        assert_eq!(raw_state(Some(json)), RawState { json: b"{}".to_vec(), is_flatmap: false });
        assert_eq!(raw_state(None), RawState::default());
    }

    #[test]
    fn every_field_of_a_read_arrives() {
        let request = read(pb::read_resource::Request {
            type_name: "t".into(),
            current_state: Some(msgpack(b"state")),
            private: b"private".to_vec(),
            current_identity: Some(identity_data(b"identity")),
            ..Default::default()
        });
        assert_eq!(request.type_name, "t");
        assert_eq!(request.current_state, encoded(b"state"));
        assert_eq!(request.private, b"private");
        assert_eq!(request.current_identity, encoded(b"identity"));
    }

    #[test]
    fn every_field_of_a_plan_arrives() {
        let request = plan(pb::plan_resource_change::Request {
            type_name: "t".into(),
            prior_state: Some(msgpack(b"prior")),
            proposed_new_state: Some(msgpack(b"proposed")),
            config: Some(msgpack(b"config")),
            prior_private: b"private".to_vec(),
            prior_identity: Some(identity_data(b"identity")),
            ..Default::default()
        });
        assert_eq!(request.type_name, "t");
        assert_eq!(request.prior_state, encoded(b"prior"));
        assert_eq!(request.proposed_new_state, encoded(b"proposed"));
        assert_eq!(request.config, encoded(b"config"));
        assert_eq!(request.prior_private, b"private");
        assert_eq!(request.prior_identity, encoded(b"identity"));
    }

    #[test]
    fn every_field_of_an_apply_arrives() {
        let request = apply(pb::apply_resource_change::Request {
            type_name: "t".into(),
            prior_state: Some(msgpack(b"prior")),
            planned_state: Some(msgpack(b"planned")),
            config: Some(msgpack(b"config")),
            planned_private: b"private".to_vec(),
            planned_identity: Some(identity_data(b"identity")),
            ..Default::default()
        });
        assert_eq!(request.type_name, "t");
        assert_eq!(request.prior_state, encoded(b"prior"));
        assert_eq!(request.planned_state, encoded(b"planned"));
        assert_eq!(request.config, encoded(b"config"));
        assert_eq!(request.planned_private, b"private");
        assert_eq!(request.planned_identity, encoded(b"identity"));
    }

    #[test]
    fn every_field_of_a_reading_arrives() {
        let request = |client_capabilities| pb::read_data_source::Request {
            type_name: "t".into(),
            config: Some(msgpack(b"config")),
            provider_meta: None,
            client_capabilities,
        };
        let host = |deferral_allowed| pb::ClientCapabilities { deferral_allowed, ..Default::default() };
        let read = read_data_source(request(Some(host(true))));
        assert_eq!((read.type_name.as_str(), read.config), ("t", encoded(b"config")));
        assert!(read.deferral_allowed);
        assert!(!read_data_source(request(Some(host(false)))).deferral_allowed);
        assert!(!read_data_source(request(None)).deferral_allowed);
    }

    #[test]
    fn every_field_of_the_others_arrives() {
        let configured = configure(pb::configure_provider::Request {
            terraform_version: "1.11.4".into(),
            config: Some(msgpack(b"config")),
            ..Default::default()
        });
        assert_eq!(configured.terraform_version, "1.11.4");
        assert_eq!(configured.config, encoded(b"config"));

        let state = pb::RawState { json: b"{}".to_vec(), ..Default::default() };
        let upgrade = upgrade_state(pb::upgrade_resource_state::Request {
            type_name: "t".into(),
            version: 3,
            raw_state: Some(state.clone()),
        });
        assert_eq!((upgrade.type_name.as_str(), upgrade.version), ("t", 3));
        assert_eq!(upgrade.raw_state.json, b"{}");

        let upgrade = upgrade_identity(pb::upgrade_resource_identity::Request {
            type_name: "t".into(),
            version: 4,
            raw_identity: Some(state),
        });
        assert_eq!((upgrade.type_name.as_str(), upgrade.version), ("t", 4));
        assert_eq!(upgrade.raw_identity.json, b"{}");

        let imported = import(pb::import_resource_state::Request {
            type_name: "t".into(),
            id: "a:b".into(),
            identity: Some(identity_data(b"identity")),
            ..Default::default()
        });
        assert_eq!((imported.type_name.as_str(), imported.id.as_str()), ("t", "a:b"));
        assert_eq!(imported.identity, encoded(b"identity"));

        let generated = generate_config(pb::generate_resource_config::Request {
            type_name: "t".into(),
            state: Some(msgpack(b"state")),
        });
        assert_eq!((generated.type_name.as_str(), generated.state), ("t", encoded(b"state")));

        let listed = list(pb::list_resource::Request {
            type_name: "t".into(),
            config: Some(msgpack(b"config")),
            include_resource_object: true,
            limit: 7,
        });
        assert_eq!((listed.type_name.as_str(), listed.config), ("t", encoded(b"config")));
        assert_eq!((listed.include_resource, listed.limit), (true, 7));

        let moved = r#move(pb::move_resource_state::Request {
            source_provider_address: "p".into(),
            source_type_name: "s".into(),
            source_schema_version: 5,
            source_state: Some(json_state(b"{}")),
            source_private: b"private".to_vec(),
            source_identity: Some(json_state(b"[]")),
            target_type_name: "t".into(),
            ..Default::default()
        });
        assert_eq!(moved.source_provider_address, "p");
        assert_eq!((moved.source_type_name.as_str(), moved.source_schema_version), ("s", 5));
        assert_eq!((moved.source_state.json, moved.source_private), (b"{}".to_vec(), b"private".to_vec()));
        assert_eq!(moved.source_identity.json, b"[]");
        assert_eq!(moved.target_type_name, "t");
    }
}
