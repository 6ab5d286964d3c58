//! What a person or a program may do with a partner.

use crate::run::names;

names! {
    /// The role of a token or a member. Each may do what the one before may.
    Role {
        /// Sees everything but secrets.
        Viewer = "viewer",
        /// Maps, syncs, decides on holds.
        Editor = "editor",
        /// Sets credentials and the switch, and says who may come in.
        Admin = "admin",
    }
}

impl Role {
    /// Whether it may change mappings, ask for syncs and decide on holds.
    pub fn may_edit(self) -> bool {
        self >= Self::Editor
    }

    /// Whether it may set the connection, and say who may come in.
    pub fn may_administer(self) -> bool {
        self == Self::Admin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_the_one_before_may() {
        let may = |role: Role| (role.may_edit(), role.may_administer());
        assert_eq!(
            Role::ALL.iter().map(|role| may(*role)).collect::<Vec<_>>(),
            [(false, false), (true, false), (true, true)]
        );
    }
}
