//! Events that a person may have to answer for.

use crate::run::names;

names! {
    /// A security event: sign-ins, refusals and changes.
    SecurityEventKind {
        /// A person signed in.
        SignedIn = "signed_in",
        /// A sign-in failed.
        SignInRefused = "sign_in_refused",
        /// A signed-in person confirmed their identity again.
        Confirmed = "confirmed",
        /// That confirmation failed.
        ConfirmationRefused = "confirmation_refused",
        /// A person signed out.
        SignedOut = "signed_out",
        /// A person ended other sessions of their own.
        SessionsEnded = "sessions_ended",
        /// A revoked or expired token was used.
        TokenRefused = "token_refused",
        /// A partner was requested that the caller may not see.
        PartnerRefused = "partner_refused",
        /// A change of members, tokens or credentials was refused because the caller had not just confirmed their
        /// identity.
        ProofMissing = "proof_missing",
        /// A request was refused because the caller's role does not allow it.
        RoleRefused = "role_refused",
        /// A token was created.
        TokenMade = "token_made",
        /// A token was revoked.
        TokenRevoked = "token_revoked",
        /// A member was added.
        MemberAdded = "member_added",
        /// A member was removed.
        MemberRemoved = "member_removed",
        /// The integration was switched on.
        SwitchedOn = "switched_on",
        /// The integration was switched off.
        SwitchedOff = "switched_off",
        /// The connection was saved.
        ConnectionSaved = "connection_saved",
        /// The schedule was saved.
        ScheduleSaved = "schedule_saved",
        /// Products were mapped to services or unmapped.
        ProductsMapped = "products_mapped",
        /// Companies were mapped to accounts and contracts or unmapped.
        CompaniesMapped = "companies_mapped",
        /// A mapping file was applied.
        MappingFileApplied = "mapping_file_applied",
        /// A company's billing rules were saved.
        BillingRulesSaved = "billing_rules_saved",
        /// A frozen count was corrected.
        CountCorrected = "count_corrected",
        /// A person ordered holds to be approved; each hold records the result.
        HoldsApproved = "holds_approved",
        /// A person ordered holds to be dismissed; each hold records the result.
        HoldsDismissed = "holds_dismissed",
        /// A settings file was applied.
        SettingsApplied = "settings_applied",
    }
}

impl SecurityEventKind {
    /// Whether the event is a refusal.
    pub fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::SignInRefused
                | Self::ConfirmationRefused
                | Self::TokenRefused
                | Self::PartnerRefused
                | Self::ProofMissing
                | Self::RoleRefused
        )
    }
}
