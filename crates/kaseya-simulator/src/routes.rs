//! Finds the endpoint of a method and path. Names in a path are matched case-insensitively, as in the real Kaseya.

use std::collections::BTreeMap;

use crate::{Behaviour, Endpoint, endpoint::Api};

/// The ids in a path, by their names in the route.
pub(crate) type Ids = BTreeMap<String, String>;

impl Behaviour {
    /// The endpoint, if it is served; a route with fewer parameters takes precedence.
    pub(crate) fn endpoint(&self, method: &str, path: &str) -> Option<(Endpoint, Ids)> {
        if self.v1_off && Api::of_path(path) == Api::V1 {
            return None;
        }
        Endpoint::ALL
            .into_iter()
            .filter(|endpoint| self.method(*endpoint) == method)
            .filter_map(|endpoint| Some((endpoint, ids(self.route(endpoint)?, path)?)))
            .min_by_key(|(_, ids)| ids.len())
    }

    fn method(&self, endpoint: Endpoint) -> &str {
        match endpoint {
            Endpoint::WriteLine => &self.lines.form.write_method,
            other => other.method(),
        }
    }

    /// The route of an endpoint, if it has one.
    fn route(&self, endpoint: Endpoint) -> Option<&str> {
        let lines = &self.lines;
        match endpoint {
            Endpoint::ContractLines | Endpoint::WriteLine if lines.off => None,
            Endpoint::ContractLines => Some(&lines.lines_route),
            Endpoint::WriteLine => Some(&lines.line_route),
            other => Some(other.route()),
        }
    }
}

/// The ids of a path, if it matches this route.
fn ids(route: &str, path: &str) -> Option<Ids> {
    let (mut steps, mut names) = (path.trim_end_matches('/').split('/'), route.split('/'));
    let mut found = Ids::new();
    loop {
        match (names.next(), steps.next()) {
            (None, None) => return Some(found),
            (Some(name), Some(step)) => {
                match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                    Some(name) if !step.is_empty() => {
                        found.insert(name.to_owned(), step.to_owned());
                    }
                    None if name.eq_ignore_ascii_case(step) => {}
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(behaviour: &Behaviour, method: &str, path: &str) -> Option<(Endpoint, Vec<String>)> {
        behaviour.endpoint(method, path).map(|(endpoint, ids)| (endpoint, ids.into_values().collect()))
    }

    #[test]
    fn a_path_is_the_call_with_the_fewest_parameters_in_any_case_of_letters() {
        let behaviour = Behaviour::default();
        let call = |method, path| found(&behaviour, method, path);
        assert_eq!(
            call("GET", "/V2/Admin/finance/services/LOOKUP"),
            Some((Endpoint::ServicesLookup, vec![]))
        );
        assert_eq!(
            call("GET", "/v2/admin/finance/services/701/"),
            Some((Endpoint::Service, vec!["701".to_owned()]))
        );
        let ids = vec!["5012".to_owned(), "90021".to_owned()];
        assert_eq!(
            call("PUT", "/api/finance/contracts/5012/services/90021"),
            Some((Endpoint::WriteLine, ids))
        );
        for (method, path) in [
            ("PUT", "/v2/finance/contracts/lookup"),
            ("GET", "/v2/finance/contracts"),
            ("GET", "/v2/finance/contracts/lookup/more"),
            ("GET", "/api/finance/contracts//services"),
            ("GET", "/"),
        ] {
            assert_eq!(call(method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn lines_stand_where_they_are_put_or_nowhere() {
        let mut behaviour = Behaviour::default();
        behaviour.lines.lines_route = "/api/contract/{contractId}/items".to_owned();
        behaviour.lines.line_route = "/api/item/{lineId}/of/{contractId}".to_owned();
        let both = vec!["5012".to_owned(), "90021".to_owned()];
        assert_eq!(found(&behaviour, "PUT", "/api/item/90021/of/5012"), Some((Endpoint::WriteLine, both)));
        assert_eq!(found(&behaviour, "GET", "/api/finance/contracts/5012/services"), None);
        assert!(found(&behaviour, "GET", "/api/contract/5012/items").is_some());
        behaviour.lines.off = true;
        assert_eq!(found(&behaviour, "GET", "/api/contract/5012/items"), None);
        assert!(found(&behaviour, "POST", "/api/token").is_some());
        behaviour.v1_off = true;
        assert_eq!(found(&behaviour, "POST", "/api/token"), None);
    }
}
