//! A service without a wire, for tests of its rules.

use serde_json::{Map, Value};

use super::{Error, Outcome, Parameters, Request, Run, Service};
use crate::access::{AccessKeys, Principal};
use crate::policy::ConditionContext;

/// Fri, 20 Nov 2026 08:00:00 GMT: what every bench starts at.
pub const START: i64 = 1_795_161_600;

/// The account of every bench.
pub const ACCOUNT: &str = "1234567890123456";

/// A service, its model, and who calls.
pub struct ServiceHarness<M: 'static> {
    pub service: Service<M>,
    pub model: M,
    pub caller: Principal,
    pub now: i64,
    pub sessions: AccessKeys,
}

impl<M: Clone> ServiceHarness<M> {
    pub fn new(service: Service<M>, model: M) -> Self {
        let caller = Principal::AccountRoot { account_id: ACCOUNT.to_owned() };
        Self { service, model, caller, now: START, sessions: AccessKeys::new() }
    }

    /// Calls an action; nobody asks whether the caller may. A write that fails leaves nothing behind.
    pub fn call(&mut self, action: &str, parameters: &[(&str, &str)]) -> Outcome {
        let (parameters, condition_context) =
            (Parameters::from_pairs(parameters), ConditionContext::default());
        let request = Request {
            account_id: ACCOUNT,
            host: "127.0.0.1:8700",
            named_region: parameters.get("RegionId"),
            default_region: "cn-hangzhou",
            now: self.now,
            caller: Some(&self.caller),
            condition_context: &condition_context,
            parameters: &parameters,
        };
        let action = self.service.actions.iter().find(|known| known.name == action).expect("an action");
        action.resource.arns(&self.model, &request)?;
        match action.run {
            Run::Read(read) => read(&self.model, &request),
            Run::Write(write) => {
                let mut next = self.model.clone();
                let outcome = write(&mut next, &request)?;
                self.model = next;
                Ok(outcome)
            }
            Run::IssueCredentials(issue) => {
                let (key, members) = issue(&self.model, &request)?;
                self.sessions.insert(key.id.clone(), key);
                Ok(members)
            }
        }
    }

    /// Calls an action that succeeds.
    #[track_caller]
    pub fn done(&mut self, action: &str, parameters: &[(&str, &str)]) -> Value {
        match self.call(action, parameters) {
            Ok(members) => Value::Object(members),
            Err(error) => panic!("{action} {parameters:?}: {error}"),
        }
    }

    /// Calls an action that is refused.
    #[track_caller]
    pub fn refused(&mut self, action: &str, parameters: &[(&str, &str)], status: u16, code: &str) -> Error {
        let outcome: Result<Map<String, Value>, Error> = self.call(action, parameters);
        let error = outcome.expect_err(&format!("{action} {parameters:?}"));
        assert_eq!((error.status, error.code.as_str()), (status, code), "{action} {parameters:?}: {error}");
        error
    }
}
