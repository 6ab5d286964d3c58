//! What a person or a program may do with a partner.

use crate::run::names;

names! {
    /// The role of a token or a member. Each of the first three includes the rights of the one before.
    Role {
        /// Sees everything except secrets.
        Viewer = "viewer",
        /// Maps, syncs, decides on holds.
        Editor = "editor",
        /// Sets credentials, turns the integration on and off, and manages access.
        Admin = "admin",
        /// Reports companies, products, user counts and charges, and sees nothing. Only tokens made by the operator
        /// have it: the billed party does not report what was counted.
        Provider = "provider",
    }
}

impl Role {
    /// Whether the role may see the partner's pages and lists. An admin of the partner may grant these roles and no
    /// others.
    pub fn may_see(self) -> bool {
        matches!(self, Self::Viewer | Self::Editor | Self::Admin)
    }

    /// Whether the role may change mappings, request syncs and decide on holds.
    pub fn may_edit(self) -> bool {
        matches!(self, Self::Editor | Self::Admin)
    }

    /// Whether the role may set the connection and manage access.
    pub fn may_administer(self) -> bool {
        self == Self::Admin
    }

    /// Whether the role may report what the provider counted and charges.
    pub fn may_report(self) -> bool {
        self == Self::Provider
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_f7_nobody_who_is_billed_reports_what_was_counted() {
        let may = |role: Role| [role.may_see(), role.may_edit(), role.may_administer(), role.may_report()];
        assert_eq!(may(Role::Viewer), [true, false, false, false]);
        assert_eq!(may(Role::Editor), [true, true, false, false]);
        assert_eq!(may(Role::Admin), [true, true, true, false]);
        assert_eq!(may(Role::Provider), [false, false, false, true]);
    }
}
