//! The line profiles that tests cover: those included in the program, and some that its code does not know.

/// Names, and the profiles as TOML texts.
pub fn line_profiles() -> Vec<(&'static str, String)> {
    let shipped = |text: &str| text.to_owned();
    let nested = include_str!("../../../deploy/line-profiles/nested-list.toml");
    vec![
        ("nested-list", shipped(nested)),
        ("recurring-list", shipped(include_str!("../../../deploy/line-profiles/recurring-list.toml"))),
        ("whole-contract", shipped(include_str!("../../../deploy/line-profiles/whole-contract.toml"))),
        ("plain-contract", shipped(include_str!("../../../deploy/line-profiles/plain-contract.toml"))),
        ("flat-list", shipped(include_str!("../../../deploy/line-profiles/flat-list.toml"))),
        ("filtered-list", shipped(include_str!("../../../deploy/line-profiles/filtered-list.toml"))),
        ("nested-list-patch", shipped(include_str!("../../../deploy/line-profiles/nested-list-patch.toml"))),
        ("small-pages", changed(nested, &[("page_size = 100", "page_size = 25")])),
        (
            "list-put-whole",
            changed(
                nested,
                &[("/services/{lineId}\"", "/services\""), ("body = \"line\"\n", "body = \"array\"\n")],
            ),
        ),
        (
            "json-patch",
            changed(nested, &[("\"put\"", "\"patch\""), ("body = \"line\"\n", "body = \"json_patch\"\n")]),
        ),
        ("foreign", FOREIGN_LINE_PROFILE.to_owned()),
    ]
}

/// A profile that the code does not know: lines inside the contract and in pages of 25, PATCH with an array, other
/// names, days without a time, and other words.
pub const FOREIGN_LINE_PROFILE: &str = include_str!("../foreign-line-profile.toml");

fn changed(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}
