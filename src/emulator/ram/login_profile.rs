//! Whether and how users sign in to the console, which is not emulated: any password is taken, and none is kept.

use serde_json::{Value, json};

use super::{error, user};
use crate::clock::iso_8601;
use crate::identity::{Directory, LoginProfile, User};
use crate::rpc::{Error, Outcome, Request, answer, empty_answer};

/// `CreateLoginProfile`
pub fn create(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let mut user = user::existing(directory, request)?.clone();
    request.parameters.required("Password")?;
    if user.login_profile.is_some() {
        return Err(error::already_exists("User.LoginProfile"));
    }
    let mut profile =
        LoginProfile { password_reset_required: false, mfa_bind_required: false, created: request.now };
    set(&mut profile, request)?;
    let created = described(&user, &profile);
    user.login_profile = Some(profile);
    directory.users.insert(user);
    answer(json!({"LoginProfile": created}))
}

/// `GetLoginProfile`
pub fn get(directory: &Directory, request: &Request<'_>) -> Outcome {
    let user = user::existing(directory, request)?;
    let profile = user.login_profile.as_ref().ok_or_else(error::login_profile_not_exist)?;
    answer(json!({"LoginProfile": described(user, profile)}))
}

/// `UpdateLoginProfile`: what is not given stays.
pub fn update(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let mut user = user::existing(directory, request)?.clone();
    set(user.login_profile.as_mut().ok_or_else(error::login_profile_not_exist)?, request)?;
    directory.users.insert(user);
    empty_answer()
}

/// `DeleteLoginProfile`
pub fn delete(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let mut user = user::existing(directory, request)?.clone();
    user.login_profile.take().ok_or_else(error::login_profile_not_exist)?;
    directory.users.insert(user);
    empty_answer()
}

/// `UnbindMFADevice`: nobody has one here.
pub fn unbind_mfa_device(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    user::existing(directory, request)?;
    Err(error::mfa_device_not_exist())
}

fn set(profile: &mut LoginProfile, request: &Request<'_>) -> Result<(), Error> {
    for (parameter, member) in [
        ("PasswordResetRequired", &mut profile.password_reset_required),
        ("MFABindRequired", &mut profile.mfa_bind_required),
    ] {
        if let Some(value) = request.parameters.flag(parameter)? {
            *member = value;
        }
    }
    Ok(())
}

fn described(user: &User, profile: &LoginProfile) -> Value {
    json!({
        "UserName": user.name,
        "PasswordResetRequired": profile.password_reset_required,
        "MFABindRequired": profile.mfa_bind_required,
        "CreateDate": iso_8601(profile.created),
    })
}
