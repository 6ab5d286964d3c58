//! What somebody may have to answer for.

use crate::run::names;

names! {
    /// A security event: who came in, who was refused, who changed what.
    SecurityEventKind {
        /// Somebody came in.
        SignedIn = "signed_in",
        /// A sign-in failed.
        SignInRefused = "sign_in_refused",
        /// Somebody who is signed in has proven once more who it is.
        Confirmed = "confirmed",
        /// That failed.
        ConfirmationRefused = "confirmation_refused",
        /// Somebody signed out.
        SignedOut = "signed_out",
        /// Somebody ended other sessions of its own.
        SessionsEnded = "sessions_ended",
        /// A token was used that is revoked, or whose time is over.
        TokenRefused = "token_refused",
        /// Somebody asked for a partner that it may not see.
        PartnerRefused = "partner_refused",
        /// Somebody would have changed members, tokens or credentials, and had not proven just before who it is.
        ProofMissing = "proof_missing",
        /// Somebody asked for what its role does not allow.
        RoleRefused = "role_refused",
        /// A token was made.
        TokenMade = "token_made",
        /// A token was revoked.
        TokenRevoked = "token_revoked",
        /// A member was let in.
        MemberAdded = "member_added",
        /// A member was taken away.
        MemberRemoved = "member_removed",
        /// The integration was switched on.
        SwitchedOn = "switched_on",
        /// The integration was switched off.
        SwitchedOff = "switched_off",
        /// The connection was saved.
        ConnectionSaved = "connection_saved",
        /// The schedule was saved.
        ScheduleSaved = "schedule_saved",
        /// Products were mapped to services, or no more.
        ProductsMapped = "products_mapped",
        /// Companies were mapped to accounts and contracts, or no more.
        CompaniesMapped = "companies_mapped",
        /// A mapping file was applied.
        MappingFileApplied = "mapping_file_applied",
        /// Billing rules of a company were saved.
        BillingRulesSaved = "billing_rules_saved",
        /// A frozen count was corrected.
        CountCorrected = "count_corrected",
        /// Somebody ordered holds to be approved; each hold says what came of it.
        HoldsApproved = "holds_approved",
        /// Somebody ordered holds to be dismissed; each hold says what came of it.
        HoldsDismissed = "holds_dismissed",
        /// A settings file was applied.
        SettingsApplied = "settings_applied",
    }
}

impl SecurityEventKind {
    /// Whether somebody was refused something.
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
