//! What a person or a program may do with a partner.

use crate::run::names;

names! {
    /// The role of a token or a member. Of the first three each may do what the one before may.
    Role {
        /// Sees everything but secrets.
        Viewer = "viewer",
        /// Maps, syncs, decides on holds.
        Editor = "editor",
        /// Sets credentials and the switch, and says who may come in.
        Admin = "admin",
        /// Reports companies, products, user counts and charges, and sees nothing. Of tokens alone, made by the operator: who is
        /// billed does not say what was counted.
        Provider = "provider",
    }
}

impl Role {
    /// Whether it may see the partner's pages and lists. An admin of the partner may give these roles, and no other.
    pub fn may_see(self) -> bool {
        matches!(self, Self::Viewer | Self::Editor | Self::Admin)
    }

    /// Whether it may change mappings, ask for syncs and decide on holds.
    pub fn may_edit(self) -> bool {
        matches!(self, Self::Editor | Self::Admin)
    }

    /// Whether it may set the connection, and say who may come in.
    pub fn may_administer(self) -> bool {
        self == Self::Admin
    }

    /// Whether it may say what the provider counted and charges.
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
