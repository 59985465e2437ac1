//! The faults, and what each of them must come to.

use cloud::error::ErrorKind;

use super::fault::Fault;
use super::keys::Given;

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Sls,
    Ram,
    Kms,
    Sts,
}

/// A fault, and what it comes to wherever it strikes.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Who can meet it.
    services: &'static [Service],
    /// What happens.
    pub fault: Fault,
    /// How those who meet it come by their key.
    pub given: Given,
    /// The kind of the error that the caller gets, unless a later attempt succeeds.
    pub kind: ErrorKind,
    /// Whether the same call can succeed a little later.
    pub passes: bool,
    /// Whether the caller cannot know what the service has done.
    pub in_doubt: bool,
    /// Whether the service has done what was asked.
    pub applied: bool,
    /// Why.
    pub because: &'static str,
}

impl Case {
    /// Whether an answer came that is not one of the service: a read is then sent once more.
    pub fn is_damaged(&self) -> bool {
        self.kind == ErrorKind::Malformed
    }
}

/// Whether a caller that waits has a chance.
const PASSES: bool = true;
const STAYS: bool = false;
/// Whether the caller knows that nothing was done.
const CERTAIN: bool = false;
const IN_DOUBT: bool = true;
/// Whether the service was asked at all.
const APPLIED: bool = true;
const NOT_APPLIED: bool = false;

const ALL: &[Service] = &[Service::Sls, Service::Ram, Service::Kms, Service::Sts];
const SLS: &[Service] = &[Service::Sls];
const RPC: &[Service] = &[Service::Ram, Service::Kms, Service::Sts];
const RAM_AND_STS: &[Service] = &[Service::Ram, Service::Sts];
const KMS: &[Service] = &[Service::Kms];

const NEVER_LEFT: &str = "the request never left";
const LOST: &str = "the request has left, and its outcome is not known";
const LATE: &str = "the answer may still be on its way when its time is over";
const GATEWAY: &str = "a server fault says nothing about what was done before it";
const RATE: &str = "a refusal of the rate comes before the call is looked at";
const NOT_OURS: &str = "what answers 200 with a page is not the service; who it is will not change by itself";
const CUT: &str = "half of an answer is not an answer";
const OVERFULL: &str = "an answer that cannot be read was given to a call that was carried out";
const RENEWED: &str = "a call whose token has expired is not carried out, and there is another token";
const CALLER: &str = "a fixed key gets no better by asking again, and a refused call is not carried out";

const fn case(
    (services, fault): (&'static [Service], Fault),
    kind: ErrorKind,
    (passes, in_doubt, applied): (bool, bool, bool),
    because: &'static str,
) -> Case {
    Case { services, fault, given: Given::Fixed, kind, passes, in_doubt, applied, because }
}

/// A refusal that says that the token has expired, where another can be fetched.
const fn renewed(
    services: &'static [Service],
    status: u16,
    code: &'static str,
    message: &'static str,
) -> Case {
    let fault = Fault::Refusal(status, code, message);
    let comes_to = (PASSES, CERTAIN, NOT_APPLIED);
    Case { given: Given::Printed, ..case((services, fault), ErrorKind::Unauthenticated, comes_to, RENEWED) }
}

/// Every fault.
pub const CASES: [Case; 40] = {
    use ErrorKind::{Malformed, Throttled, Timeout, Transport, Unauthenticated, Unexpected};
    use Fault::{
        ConnectionRefused, CutOff, Page, Refusal, ResetAfter, ResetBefore, SilenceAfter, SilenceBefore,
        Status, TooLong, TooShort,
    };
    [
        case((ALL, ConnectionRefused), Transport, (PASSES, CERTAIN, NOT_APPLIED), NEVER_LEFT),
        case((ALL, ResetBefore), Transport, (PASSES, IN_DOUBT, NOT_APPLIED), LOST),
        case((ALL, ResetAfter), Transport, (PASSES, IN_DOUBT, APPLIED), LOST),
        case((ALL, SilenceBefore), Timeout, (PASSES, IN_DOUBT, NOT_APPLIED), LATE),
        case((ALL, SilenceAfter), Timeout, (PASSES, IN_DOUBT, APPLIED), LATE),
        case((ALL, Status(429)), Throttled, (PASSES, CERTAIN, NOT_APPLIED), RATE),
        case((ALL, Page(429)), Throttled, (PASSES, CERTAIN, NOT_APPLIED), RATE),
        case((ALL, Status(500)), Unexpected, (PASSES, IN_DOUBT, NOT_APPLIED), GATEWAY),
        case((ALL, Page(500)), Unexpected, (PASSES, IN_DOUBT, NOT_APPLIED), GATEWAY),
        case((ALL, Status(502)), Unexpected, (PASSES, IN_DOUBT, NOT_APPLIED), GATEWAY),
        case((ALL, Page(502)), Unexpected, (PASSES, IN_DOUBT, NOT_APPLIED), GATEWAY),
        case((ALL, Status(503)), Unexpected, (PASSES, IN_DOUBT, NOT_APPLIED), GATEWAY),
        case((ALL, Page(503)), Unexpected, (PASSES, IN_DOUBT, NOT_APPLIED), GATEWAY),
        case((ALL, Page(200)), Malformed, (STAYS, IN_DOUBT, NOT_APPLIED), NOT_OURS),
        case((ALL, CutOff), Transport, (PASSES, IN_DOUBT, APPLIED), CUT),
        case((ALL, TooShort), Malformed, (STAYS, IN_DOUBT, APPLIED), OVERFULL),
        case((ALL, TooLong), Timeout, (PASSES, IN_DOUBT, APPLIED), LATE),
        case(
            (SLS, Refusal(403, "WriteQuotaExceed", "Write quota is exceeded.")),
            Throttled,
            (PASSES, CERTAIN, NOT_APPLIED),
            RATE,
        ),
        case(
            (SLS, Refusal(403, "ReadQuotaExceed", "Read quota is exceeded.")),
            Throttled,
            (PASSES, CERTAIN, NOT_APPLIED),
            RATE,
        ),
        case(
            (SLS, Refusal(403, "ShardWriteQuotaExceed", "Write QPS Exceed")),
            Throttled,
            (PASSES, CERTAIN, NOT_APPLIED),
            RATE,
        ),
        case(
            (SLS, Refusal(403, "ShardReadQuotaExceed", "Read QPS Exceed")),
            Throttled,
            (PASSES, CERTAIN, NOT_APPLIED),
            RATE,
        ),
        case(
            (SLS, Refusal(503, "ServerBusy", "The server is busy, please try again later.")),
            Throttled,
            (PASSES, IN_DOUBT, NOT_APPLIED),
            GATEWAY,
        ),
        case(
            (SLS, Refusal(500, "InternalServerError", "internal server error")),
            Unexpected,
            (PASSES, IN_DOUBT, NOT_APPLIED),
            GATEWAY,
        ),
        case(
            (SLS, Refusal(401, "Unauthorized", "The security token you provided has expired.")),
            Unauthenticated,
            (STAYS, CERTAIN, NOT_APPLIED),
            CALLER,
        ),
        case(
            (SLS, Refusal(400, "RequestTimeTooSkewed", "Request time exceeds server time by 15 minutes.")),
            Unauthenticated,
            (STAYS, CERTAIN, NOT_APPLIED),
            CALLER,
        ),
        case(
            (SLS, Refusal(400, "RequestTimeExpired", "Request time has been expired.")),
            Unauthenticated,
            (STAYS, CERTAIN, NOT_APPLIED),
            CALLER,
        ),
        case(
            (RAM_AND_STS, Refusal(400, "Throttling.User", "Request was denied due to user flow control.")),
            Throttled,
            (PASSES, CERTAIN, NOT_APPLIED),
            RATE,
        ),
        case(
            (KMS, Refusal(400, "Rejected.Throttling", "The QPS upper limit is exceeded.")),
            Throttled,
            (PASSES, CERTAIN, NOT_APPLIED),
            RATE,
        ),
        case(
            (RPC, Refusal(400, "Throttling", "Request was denied due to request throttling.")),
            Throttled,
            (PASSES, CERTAIN, NOT_APPLIED),
            RATE,
        ),
        case(
            (RPC, Refusal(429, "Throttling.Api", "Request was denied due to api flow control.")),
            Throttled,
            (PASSES, CERTAIN, NOT_APPLIED),
            RATE,
        ),
        case(
            (RPC, Refusal(500, "InternalError", "An internal error occurred.")),
            Unexpected,
            (PASSES, IN_DOUBT, NOT_APPLIED),
            GATEWAY,
        ),
        case(
            (RPC, Refusal(503, "ServiceUnavailable", "The request has failed due to a temporary failure.")),
            Unexpected,
            (PASSES, IN_DOUBT, NOT_APPLIED),
            GATEWAY,
        ),
        case(
            (RPC, Refusal(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")),
            Unauthenticated,
            (STAYS, CERTAIN, NOT_APPLIED),
            CALLER,
        ),
        case(
            (RPC, Refusal(403, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")),
            Unauthenticated,
            (STAYS, CERTAIN, NOT_APPLIED),
            CALLER,
        ),
        case(
            (RPC, Refusal(400, "SecurityTokenExpired", "The security token has expired.")),
            Unauthenticated,
            (STAYS, CERTAIN, NOT_APPLIED),
            CALLER,
        ),
        case(
            (RPC, Refusal(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")),
            Unauthenticated,
            (STAYS, CERTAIN, NOT_APPLIED),
            CALLER,
        ),
        renewed(SLS, 401, "Unauthorized", "The security token you provided has expired."),
        renewed(RPC, 400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired."),
        renewed(RPC, 403, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired."),
        renewed(RPC, 400, "SecurityTokenExpired", "The security token has expired."),
    ]
};

impl Case {
    /// What it comes to. Faults that share this are alike to a sequence: it goes by nothing else.
    pub fn comes_to(&self) -> (ErrorKind, bool, bool, bool, Given) {
        (self.kind, self.passes, self.in_doubt, self.applied, self.given)
    }
}

/// The faults that a service's calls can meet.
pub fn cases_of(service: Service) -> impl Iterator<Item = &'static Case> {
    CASES.iter().filter(move |case| case.services.contains(&service))
}

/// One fault of a service for each outcome. The tests with each single fault show that faults of one outcome are alike.
pub fn one_of_each_kind(service: Service) -> Vec<&'static Case> {
    let mut found: Vec<&Case> = Vec::new();
    for case in cases_of(service) {
        if !found.iter().any(|other| other.comes_to() == case.comes_to()) {
            found.push(case);
        }
    }
    found
}
