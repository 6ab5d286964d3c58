//! Logins, and the logged-in user.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::success;
use crate::{
    Login, Right, State,
    fields::Fields,
    refusal::Refusal,
    sessions::{Sessions, Tokens},
};

/// POST /v2/security/authenticate.
pub(crate) fn authenticate(
    state: &State,
    sessions: &mut Sessions,
    form: &Fields,
    now: Timestamp,
) -> Result<Value, Refusal> {
    let tenant = form.text("Tenant").ok_or(Refusal::TenantMissing)?;
    if form.text("GrantType") != Some("password") {
        return Err(Refusal::Bad("GrantType is not valid".to_owned()));
    }
    let text = |name| form.text(name).unwrap_or_default().to_owned();
    let given = Login { user: text("UserName"), password: text("Password"), tenant: tenant.to_owned() };
    let tokens = sessions.log_in_v2(state, &given, form.text("MFACode"), now).map_err(Refusal::Login)?;
    Ok(issued(&tokens))
}

/// POST /v2/security/refreshtoken.
pub(crate) fn refresh(
    state: &State,
    sessions: &mut Sessions,
    form: &Fields,
    now: Timestamp,
) -> Result<Value, Refusal> {
    let (access, refresh) = (form.text("AccessToken"), form.text("RefreshToken"));
    sessions
        .refresh(access.unwrap_or_default(), refresh.unwrap_or_default(), &state.behaviour.login, now)
        .map(|tokens| issued(&tokens))
        .ok_or(Refusal::Token)
}

fn issued(tokens: &Tokens) -> Value {
    success(json!({
        "accessToken": tokens.access,
        "refreshToken": tokens.refresh,
        "accessTokenExpireOn": tokens.access_until.to_string(),
        "refreshTokenExpireOn": tokens.refresh_until.to_string(),
    }))
}

/// GET /v2/security/ssostatus: single sign-on is off. That it needs a token is a guess.
pub(crate) fn sso_status() -> Value {
    success(json!({ "enabled": false, "loginEndpointUrl": null }))
}

/// GET /v2/security/userinfo.
pub(crate) fn user_info(state: &State, now: Timestamp) -> Value {
    let offset = zone(state).to_offset(now).seconds();
    let modifies = !state.behaviour.role.lacks_on_v2.contains(&Right::ModifyContracts);
    let right = |menu: i32, modify: bool| {
        json!({
            "canView": true,
            "canModify": modify,
            "canDelete": false,
            "mainMenuId": menu,
            "menuCategoryId": 1,
            "listingIDEnum": menu,
        })
    };
    success(json!({
        "userId": 31,
        "fullName": "Sync User",
        "emailAddress": state.login.user,
        "timeStamp": now.to_string(),
        "timeZoneValue": f64::from(offset) / 3600.0,
        "timeZoneName": state.time_zone,
        "olsonTimeZoneName": state.time_zone,
        "dateFormat": "dd/MM/yyyy",
        "timeFormat": "HH:mm",
        "timeFormatWithSeconds": "HH:mm:ss",
        "tenantId": 4,
        "accountId": null,
        "locationId": null,
        "contactId": null,
        "businessName": state.login.tenant,
        "userAccessRights": [right(2, false), right(5, modifies), right(9, false)],
        "specialFeatures": [{ "id": 1 }],
        "viewsMenus": [],
        "queuesMenus": [],
        "currencyCode": "EUR",
        "cultureCode": "it-IT",
        "filesVersionNumber": null,
        "newTicketingUI": false,
        "isUserSystemAdmin": false,
        "productName": "BMS",
        "pictureUrl": null,
        "openIdRealmId": null,
    }))
}

/// GET /v2/system/settings.
pub(crate) fn settings() -> Value {
    success(json!({
        "defaultPageSize": 100,
        "workforcePlannerDefaultPageSize": 100,
        "defaultSideBarPageSize": 20,
        "customFieldsMaxShownItems": 5,
        "defaultAttachmentTicketsPageSize": 20,
        "maximumAttachmentFileSizeinMb": 20,
        "dashboardWidgetTimeout": 30,
        "dashboardWidgetMaxColumns": 4,
        "dashboardWidgetMinColumns": 1,
        "dashboardTicketByIssueTypeWidgetMaxColumns": 4,
        "dashboardWidgetPageSize": 10,
        "brandName": "Kaseya",
        "productName": "BMS",
        "fullCalendarLicenseKey": null,
        "addOpportunityUrl": null,
        "addActivityUrl": null,
        "pendingQuotationsUrl": null,
        "amountDueUrl": null,
        "amountSentUrl": null,
        "externalLinks": null,
        "featureFlags": null,
    }))
}

/// The tenant's time zone; an unknown name counts as UTC.
fn zone(state: &State) -> TimeZone {
    TimeZone::get(&state.time_zone).unwrap_or(TimeZone::UTC)
}
