//! Which texts are valid profiles, and the errors of the others.

use super::*;

#[test]
fn shipped_profiles_are_read_and_have_names_of_their_own() {
    let names: std::collections::BTreeSet<&str> =
        LineProfile::shipped().iter().map(LineProfile::name).collect();
    assert_eq!(names.len(), SHIPPED.len());
    assert!(SHIPPED[0].contains("\n[fields]\n") && SHIPPED[0].contains("\n[outcome]\n"));
}

#[test]
fn a_mistake_is_named_with_its_line_its_field_and_the_fix() {
    let good = SHIPPED[0];
    for (from, to, line, said) in [
        ("name = \"nested-list\"", "name = \"Nested\"", 5, "name: \"Nested\""),
        ("route = \"/finance/contracts/{contractId}/services\"\n", "route = \"/x\"\n", 9, "read.route"),
        ("paging = \"skip\"", "paging = \"cursor\"", 15, "cursor"),
        ("page_size = 100", "page_size = 0", 17, "read.page_size"),
        ("page_size = 100\n", "", 15, "read.page_size is missing"),
        ("/services/{lineId}\"", "/services\"", 23, "write.route"),
        ("body = \"line\"", "body = \"contract\"", 11, "read.rows"),
        ("method = \"put\"", "method = \"delete\"", 21, "delete"),
        ("unit_price = \"UnitPrice\"", "unit_price = \"units\"", 35, "fields.unit_price"),
        ("success = [\"OK\"]", "success = []", 50, "outcome.success"),
        ("[read]", "[read]\nverb = \"get\"", 8, "verb"),
        ("service = \"ServiceId\"", "service = \"Id\"", 32, "fields.service: \"Id\" is already fields.line"),
        ("line = \"Id\"", "line = \"ContractId\"", 31, "fields.line: ContractId is the contract"),
        ("units = \"Units\"", "units = \"UnitPrice\"", 34, "fields.units: UnitPrice is the unit_price"),
        ("units = \"Units\"", "units = \"Line.Units\"", 34, "fields.units"),
        ("units = \"Units\"", "units = \"\"", 34, "fields.units: write the field's name"),
        ("/services/{lineId}\"", "/services{lineId}\"", 23, "write.route"),
        ("/{contractId}/services/{lineId}\"", "/{lineId}/{lineId}\"", 23, "write.route"),
        ("total = \"TotalRecords\"", "total = \"result\"", 13, "read.total"),
        ("no = [", "no = [\"ok\", ", 50, "outcome.success"),
        ("rows = \"Result\"", "rows = \"\"", 13, "read.total"),
    ] {
        assert!(good.contains(from), "{from}");
        let error = LineProfile::parse(&good.replacen(from, to, 1)).expect_err(to);
        assert!(error.problem.contains(said), "{error}");
        assert_eq!(error.line, line, "{error}");
    }
}
#[test]
fn a_write_that_may_add_a_line_or_drop_others_is_no_profile() {
    let wrong = |method: &str, route: &str, body: &str| {
        let text = SHIPPED[0]
            .replace("method = \"put\"", &format!("method = \"{method}\""))
            .replace(
                "route = \"/finance/contracts/{contractId}/services/{lineId}\"",
                &format!("route = \"{route}\""),
            )
            .replace("body = \"line\"\n", &format!("body = \"{body}\"\n"));
        LineProfile::parse(&text).err().map(|error| (error.line, error.problem))
    };
    for (method, route, body, said) in [
        ("post", "/finance/contracts/{contractId}/services", "array", "adds a line"),
        ("put", "/finance/services", "array", "replaces all lines"),
        ("put", "/finance/contracts/{contractId}/services/{lineId}", "array", "replaces all lines"),
    ] {
        let (line, problem) = wrong(method, route, body).expect(said);
        assert!(line == 23 && problem.contains(said) && problem.contains("write."), "{line} {problem}");
    }
    for (method, route, body) in [
        ("post", "/finance/contracts/{contractId}/services/{lineId}", "line"),
        ("put", "/finance/contracts/{contractId}/services", "array"),
        ("patch", "/finance/contracts/{contractId}/services", "array"),
        ("put", "/finance/services({lineId})", "line"),
    ] {
        assert_eq!(wrong(method, route, body), None);
    }
}
