//! The user who is logged in, and what the role shows of its rights.

use domain::AnswerFault;
use egress::{Body, Method};
use serde_json::Value;

use crate::{
    BmsError, Session,
    calls::Call,
    fields::{self, Object},
};

/// The user who is logged in, as Kaseya reports to that user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserInfo {
    /// The IANA name of the zone of the user's dates; `None` if Kaseya does not say.
    pub time_zone: Option<String>,
    /// Whether the role may modify anything at all; `None` when no right is listed. Each right has ids for its menu,
    /// and Kaseya has not published them, so this is as fine as it gets.
    pub modifies_something: Option<bool>,
}

impl Session {
    /// Which user is logged in: the harmless call that shows whether the API answers this user.
    pub async fn user_info(&self) -> Result<UserInfo, BmsError> {
        let call = Call::v2(Method::Get, "/v2/security/userinfo", Vec::new());
        let success = self.read(&call, || Body::None).await?;
        let user = success.result.as_object().ok_or(AnswerFault::NoUser);
        user.map(user_info).map_err(|problem| self.garbled(&call, problem))
    }
}

pub(crate) fn user_info(user: &Object) -> UserInfo {
    let rights = fields::get(user, "userAccessRights").and_then(Value::as_array);
    let modifies = |right: &Value| {
        right.as_object().and_then(|right| fields::get(right, "canModify")).and_then(Value::as_bool)
    };
    let told: Vec<bool> = rights.into_iter().flatten().filter_map(modifies).collect();
    UserInfo {
        time_zone: fields::text(user, "olsonTimeZoneName").map(str::to_owned),
        modifies_something: (!told.is_empty()).then(|| told.contains(&true)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_role_may_modify_is_read_as_far_as_it_is_told() {
        for (rights, modifies) in [
            (json!(null), None),
            (json!([]), None),
            (json!([{"mainMenuId": 5}]), None),
            (json!([{"canModify": false}, {"CanModify": true}]), Some(true)),
            (json!([{"canModify": false}, {"canModify": "yes"}]), Some(false)),
        ] {
            let user = json!({"OlsonTimeZoneName": "Europe/Rome", "userAccessRights": rights});
            let shown = user_info(user.as_object().unwrap());
            assert_eq!(shown.modifies_something, modifies, "{user}");
            assert_eq!(shown.time_zone.as_deref(), Some("Europe/Rome"));
        }
    }
}
