//! From the messages of [`schema`] to wire messages.

use super::pb::tfplugin6 as pb;
use schema::{
    Diagnostic, Diagnostics, Path, Severity, Step,
    function::FunctionError,
    messages::{
        ActionEvent, ApplyResponse, DataReadResponse, Encoded, GenerateConfigResponse, ImportResponse,
        Imported, ListEvent, MoveResponse, PlanResponse, ReadResponse, UpgradeIdentityResponse,
        UpgradeStateResponse,
    },
};

/// A value; an absent one is a message left out, which hosts read as null.
pub(super) fn value(value: Encoded) -> Option<pb::DynamicValue> {
    match value {
        Encoded::Absent => None,
        Encoded::Msgpack(msgpack) => Some(pb::DynamicValue { msgpack, json: Vec::new() }),
        Encoded::Json(json) => Some(pb::DynamicValue { msgpack: Vec::new(), json }),
    }
}

pub(super) fn diagnostics(diagnostics: Diagnostics) -> Vec<pb::Diagnostic> {
    diagnostics.into_iter().map(|found| diagnostic(&found)).collect()
}

/// A diagnostic. Whatever it was made of, it has no characters that a terminal obeys.
pub(super) fn diagnostic(diagnostic: &Diagnostic) -> pb::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => pb::diagnostic::Severity::Error,
        Severity::Warning => pb::diagnostic::Severity::Warning,
    };
    pb::Diagnostic {
        severity: severity.into(),
        summary: text::line(&diagnostic.summary),
        detail: text::lines(&diagnostic.detail),
        attribute: diagnostic.path.as_ref().filter(|path| !path.steps().is_empty()).map(path),
    }
}

pub(super) fn path(path: &Path) -> pb::AttributePath {
    use pb::attribute_path::step::Selector;
    let steps = path.steps().iter().map(|step| {
        let selector = match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => Selector::ElementKeyInt(*index),
        };
        pb::attribute_path::Step { selector: Some(selector) }
    });
    pb::AttributePath { steps: steps.collect() }
}

pub(super) fn upgrade_state(response: UpgradeStateResponse) -> pb::upgrade_resource_state::Response {
    pb::upgrade_resource_state::Response {
        upgraded_state: value(response.upgraded_state),
        diagnostics: diagnostics(response.diagnostics),
    }
}

pub(super) fn upgrade_identity(response: UpgradeIdentityResponse) -> pb::upgrade_resource_identity::Response {
    pb::upgrade_resource_identity::Response {
        upgraded_identity: identity(response.upgraded_identity),
        diagnostics: diagnostics(response.diagnostics),
    }
}

pub(super) fn read(response: ReadResponse) -> pb::read_resource::Response {
    pb::read_resource::Response {
        new_state: value(response.new_state),
        diagnostics: diagnostics(response.diagnostics),
        private: response.private,
        deferred: None,
        new_identity: identity(response.new_identity),
    }
}

pub(super) fn plan(response: PlanResponse) -> pb::plan_resource_change::Response {
    pb::plan_resource_change::Response {
        planned_state: value(response.planned_state),
        requires_replace: response.requires_replace.iter().map(path).collect(),
        planned_private: response.planned_private,
        diagnostics: diagnostics(response.diagnostics),
        legacy_type_system: false,
        deferred: None,
        planned_identity: identity(response.planned_identity),
    }
}

pub(super) fn apply(response: ApplyResponse) -> pb::apply_resource_change::Response {
    pb::apply_resource_change::Response {
        new_state: value(response.new_state),
        private: response.private,
        diagnostics: diagnostics(response.diagnostics),
        legacy_type_system: false,
        new_identity: identity(response.new_identity),
    }
}

pub(super) fn import(response: ImportResponse) -> pb::import_resource_state::Response {
    pb::import_resource_state::Response {
        imported_resources: response.imported.map(imported).into_iter().collect(),
        diagnostics: diagnostics(response.diagnostics),
        deferred: None,
    }
}

pub(super) fn generate_config(response: GenerateConfigResponse) -> pb::generate_resource_config::Response {
    pb::generate_resource_config::Response {
        config: value(response.config),
        diagnostics: diagnostics(response.diagnostics),
    }
}

pub(super) fn r#move(response: MoveResponse) -> pb::move_resource_state::Response {
    pb::move_resource_state::Response {
        target_state: value(response.target_state),
        diagnostics: diagnostics(response.diagnostics),
        target_private: response.target_private,
        target_identity: identity(response.target_identity),
    }
}

pub(super) fn read_data_source(response: DataReadResponse) -> pb::read_data_source::Response {
    // Hosts that did not allow it take any message here, whatever its reason, for an error.
    let deferred = response
        .config_unknown
        .then(|| pb::Deferred { reason: pb::deferred::Reason::ResourceConfigUnknown.into() });
    pb::read_data_source::Response {
        state: value(response.state),
        diagnostics: diagnostics(response.diagnostics),
        deferred,
    }
}

pub(super) fn list_event(event: ListEvent) -> pb::list_resource::Event {
    pb::list_resource::Event {
        identity: identity(event.identity),
        display_name: text::line(&event.display_name),
        resource_object: event.resource.and_then(value),
        diagnostic: diagnostics(event.diagnostics),
    }
}

pub(super) fn action_event(event: ActionEvent) -> pb::invoke_action::Event {
    use pb::invoke_action::event::{Completed, Progress, Type};
    let event = match event {
        ActionEvent::Progress(message) => Type::Progress(Progress { message: text::lines(&message) }),
        ActionEvent::Completed(found) => Type::Completed(Completed { diagnostics: diagnostics(found) }),
    };
    pb::invoke_action::Event { r#type: Some(event) }
}

pub(super) fn call_function(outcome: Result<Encoded, FunctionError>) -> pb::call_function::Response {
    match outcome {
        Ok(result) => pb::call_function::Response { result: value(result), error: None },
        Err(error) => pb::call_function::Response { result: None, error: Some(function_error(&error)) },
    }
}

/// An error of a function. Hosts put a full stop after its text.
fn function_error(error: &FunctionError) -> pb::FunctionError {
    pb::FunctionError {
        text: text::lines(error.text.trim_end_matches('.')),
        function_argument: error.argument.and_then(|argument| i64::try_from(argument).ok()),
    }
}

fn imported(imported: Imported) -> pb::import_resource_state::ImportedResource {
    pb::import_resource_state::ImportedResource {
        type_name: imported.type_name,
        state: value(imported.state),
        private: imported.private,
        identity: identity(imported.identity),
    }
}

/// An identity; without one nothing is sent, since hosts check an identity that is there.
fn identity(identity: Option<Encoded>) -> Option<pb::ResourceIdentityData> {
    let identity_data = value(identity?)?;
    Some(pb::ResourceIdentityData { identity_data: Some(identity_data) })
}

#[cfg(test)]
mod tests {
    use pb::attribute_path::step::Selector;

    use super::*;

    fn encoded(bytes: &[u8]) -> Encoded {
        Encoded::Msgpack(bytes.to_vec())
    }

    fn msgpack(bytes: &[u8]) -> pb::DynamicValue {
        pb::DynamicValue { msgpack: bytes.to_vec(), json: vec![] }
    }

    fn identity_data(bytes: &[u8]) -> pb::ResourceIdentityData {
        pb::ResourceIdentityData { identity_data: Some(msgpack(bytes)) }
    }

    fn warning() -> (Diagnostics, Vec<pb::Diagnostic>) {
        let sent = pb::Diagnostic {
            severity: pb::diagnostic::Severity::Warning.into(),
            summary: "s".into(),
            detail: "d".into(),
            attribute: None,
        };
        (Diagnostic::warning("s", "d").into(), vec![sent])
    }

    #[test]
    fn values_keep_their_encoding() {
        assert_eq!(value(Encoded::Absent), None);
        assert_eq!(value(encoded(b"\xc0")), Some(msgpack(b"\xc0")));
        let json = Some(pb::DynamicValue { msgpack: vec![], json: b"null".to_vec() });
        assert_eq!(value(Encoded::Json(b"null".to_vec())), json);
    }

    #[test]
    fn paths_keep_every_kind_of_step() {
        let sent = path(&Path::of("tags").key("k").index(2));
        let selectors: Vec<_> = sent.steps.into_iter().map(|step| step.selector.unwrap()).collect();
        assert_eq!(
            selectors,
            [
                Selector::AttributeName("tags".into()),
                Selector::ElementKeyString("k".into()),
                Selector::ElementKeyInt(2)
            ]
        );
    }

    #[test]
    fn a_diagnostic_keeps_severity_text_and_place() {
        let sent = diagnostic(&Diagnostic::error("s", "d").at(Path::of("a")));
        assert_eq!(sent.severity(), pb::diagnostic::Severity::Error);
        assert_eq!((sent.summary.as_str(), sent.detail.as_str()), ("s", "d"));
        assert_eq!(sent.attribute.unwrap().steps.len(), 1);
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_sent() {
        let hostile = "a\u{1b}[2J\u{202e}b\nc\rd";
        let (line, lines) = ("a\u{fffd}[2J\u{fffd}b c d", "a\u{fffd}[2J\u{fffd}b\nc d");
        let sent = diagnostic(&Diagnostic::error(hostile, hostile));
        assert_eq!((sent.summary.as_str(), sent.detail.as_str()), (line, lines));
        let Some(pb::invoke_action::event::Type::Progress(progress)) =
            action_event(ActionEvent::Progress(hostile.to_owned())).r#type
        else {
            panic!("it is progress")
        };
        assert_eq!(progress.message, lines);
        let called = call_function(Err(FunctionError::new(hostile.to_owned())));
        assert_eq!(called.error.unwrap().text, lines);
        let event = ListEvent { display_name: hostile.to_owned(), ..ListEvent::default() };
        assert_eq!(list_event(event).display_name, line);
    }

    #[test]
    fn a_diagnostic_about_the_whole_object_has_no_path() {
        assert_eq!(diagnostic(&Diagnostic::error("s", "d")).attribute, None);
        assert_eq!(diagnostic(&Diagnostic::error("s", "d").at(Path::root())).attribute, None);
    }

    #[test]
    fn every_field_of_a_read_is_sent() {
        let (diagnostics, sent) = warning();
        let response = ReadResponse {
            new_state: encoded(b"state"),
            private: b"private".to_vec(),
            new_identity: Some(encoded(b"identity")),
            diagnostics,
        };
        let expected = pb::read_resource::Response {
            new_state: Some(msgpack(b"state")),
            diagnostics: sent,
            private: b"private".to_vec(),
            deferred: None,
            new_identity: Some(identity_data(b"identity")),
        };
        assert_eq!(read(response), expected);
    }

    #[test]
    fn every_field_of_a_plan_is_sent() {
        let (diagnostics, sent) = warning();
        let response = PlanResponse {
            planned_state: encoded(b"planned"),
            requires_replace: vec![Path::of("a")],
            planned_private: b"private".to_vec(),
            planned_identity: Some(encoded(b"identity")),
            diagnostics,
        };
        let expected = pb::plan_resource_change::Response {
            planned_state: Some(msgpack(b"planned")),
            requires_replace: vec![path(&Path::of("a"))],
            planned_private: b"private".to_vec(),
            diagnostics: sent,
            legacy_type_system: false,
            deferred: None,
            planned_identity: Some(identity_data(b"identity")),
        };
        assert_eq!(plan(response), expected);
    }

    #[test]
    fn every_field_of_an_apply_is_sent() {
        let (diagnostics, sent) = warning();
        let response = ApplyResponse {
            new_state: encoded(b"state"),
            private: b"private".to_vec(),
            new_identity: Some(encoded(b"identity")),
            diagnostics,
        };
        let expected = pb::apply_resource_change::Response {
            new_state: Some(msgpack(b"state")),
            private: b"private".to_vec(),
            diagnostics: sent,
            legacy_type_system: false,
            new_identity: Some(identity_data(b"identity")),
        };
        assert_eq!(apply(response), expected);
    }

    #[test]
    fn every_field_of_an_import_is_sent() {
        let (diagnostics, sent) = warning();
        let object = Imported {
            type_name: "t".into(),
            state: encoded(b"state"),
            private: b"private".to_vec(),
            identity: Some(encoded(b"identity")),
        };
        let expected = pb::import_resource_state::Response {
            imported_resources: vec![pb::import_resource_state::ImportedResource {
                type_name: "t".into(),
                state: Some(msgpack(b"state")),
                private: b"private".to_vec(),
                identity: Some(identity_data(b"identity")),
            }],
            diagnostics: sent,
            deferred: None,
        };
        assert_eq!(import(ImportResponse { imported: Some(object), diagnostics }), expected);
        assert_eq!(import(ImportResponse::default()).imported_resources, []);
    }

    #[test]
    fn an_error_of_a_function_is_sent_with_its_argument_and_without_its_full_stop() {
        let sent = |error| call_function(Err(error)).error.unwrap();
        let at = sent(FunctionError::at(2, "It is empty. Give one."));
        assert_eq!((at.text.as_str(), at.function_argument), ("It is empty. Give one", Some(2)));
        let whole = sent(FunctionError::new("no"));
        assert_eq!((whole.text.as_str(), whole.function_argument), ("no", None));
        let result = call_function(Ok(encoded(b"r")));
        assert_eq!((value(encoded(b"r")), None), (result.result, result.error));
    }

    #[test]
    fn every_field_of_a_reading_is_sent() {
        let response = |config_unknown| DataReadResponse {
            state: encoded(b"state"),
            diagnostics: Diagnostic::warning("s", "d").into(),
            config_unknown,
        };
        let sent = read_data_source(response(true));
        assert_eq!(sent.state, value(encoded(b"state")));
        assert_eq!(sent.diagnostics.len(), 1);
        assert_eq!(sent.deferred.unwrap().reason(), pb::deferred::Reason::ResourceConfigUnknown);
        assert_eq!(read_data_source(response(false)).deferred, None);
    }

    #[test]
    fn every_field_of_an_event_of_a_list_is_sent() {
        let (diagnostics, sent) = warning();
        let event = ListEvent {
            display_name: "n".into(),
            identity: Some(encoded(b"identity")),
            resource: Some(encoded(b"resource")),
            diagnostics,
        };
        let expected = pb::list_resource::Event {
            identity: Some(identity_data(b"identity")),
            display_name: "n".into(),
            resource_object: Some(msgpack(b"resource")),
            diagnostic: sent,
        };
        assert_eq!(list_event(event), expected);
        assert_eq!(list_event(ListEvent::default()), pb::list_resource::Event::default());
    }

    #[test]
    fn every_event_of_an_action_is_sent() {
        use pb::invoke_action::event::{Completed, Progress, Type};
        let progress = action_event(ActionEvent::Progress("m".into()));
        assert_eq!(progress.r#type, Some(Type::Progress(Progress { message: "m".into() })));
        let (diagnostics, sent) = warning();
        let completed = action_event(ActionEvent::Completed(diagnostics));
        assert_eq!(completed.r#type, Some(Type::Completed(Completed { diagnostics: sent })));
    }

    #[test]
    fn every_field_of_a_move_is_sent() {
        let (diagnostics, sent) = warning();
        let response = MoveResponse {
            target_state: encoded(b"state"),
            target_private: b"private".to_vec(),
            target_identity: Some(encoded(b"identity")),
            diagnostics,
        };
        let expected = pb::move_resource_state::Response {
            target_state: Some(msgpack(b"state")),
            diagnostics: sent,
            target_private: b"private".to_vec(),
            target_identity: Some(identity_data(b"identity")),
        };
        assert_eq!(r#move(response), expected);
    }

    #[test]
    fn every_field_of_a_generated_configuration_is_sent() {
        let (diagnostics, sent) = warning();
        let response = GenerateConfigResponse { config: encoded(b"config"), diagnostics };
        let expected =
            pb::generate_resource_config::Response { config: Some(msgpack(b"config")), diagnostics: sent };
        assert_eq!(generate_config(response), expected);
    }

    #[test]
    fn every_field_of_an_upgrade_is_sent() {
        let (diagnostics, sent) = warning();
        let state = UpgradeStateResponse { upgraded_state: encoded(b"state"), diagnostics };
        let expected = pb::upgrade_resource_state::Response {
            upgraded_state: Some(msgpack(b"state")),
            diagnostics: sent.clone(),
        };
        assert_eq!(upgrade_state(state), expected);

        let (diagnostics, _) = warning();
        let upgraded = UpgradeIdentityResponse { upgraded_identity: Some(encoded(b"identity")), diagnostics };
        let expected = pb::upgrade_resource_identity::Response {
            upgraded_identity: Some(identity_data(b"identity")),
            diagnostics: sent,
        };
        assert_eq!(upgrade_identity(upgraded), expected);
        assert_eq!(upgrade_identity(UpgradeIdentityResponse::default()).upgraded_identity, None);
    }
}
