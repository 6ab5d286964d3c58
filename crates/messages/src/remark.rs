//! Remarks: decoding and encoding; their JSON is the same on both sides.

use domain::Remark;

use crate::{FieldError, v1};

impl TryFrom<v1::Remark> for Remark {
    type Error = FieldError;

    fn try_from(remark: v1::Remark) -> Result<Self, FieldError> {
        let read = |remark| serde_json::from_value(serde_json::to_value(remark)?);
        read(remark).map_err(|error: serde_json::Error| FieldError::new("kind", format!("with it {error}")))
    }
}

impl From<Remark> for v1::Remark {
    fn from(remark: Remark) -> Self {
        let written = serde_json::to_value(remark).and_then(serde_json::from_value);
        written.expect("a remark's facts are fields of the message, of the same types: each kind is tested")
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use serde_json::{Value, json};

    use super::*;

    fn examples() -> Vec<Value> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto-schemas/remarks.json");
        let text = std::fs::read_to_string(path).expect("the examples");
        serde_json::from_str(&text).expect("a list")
    }

    /// All kinds, as the error about an unknown kind lists them.
    fn kinds() -> BTreeSet<String> {
        let error = serde_json::from_value::<Remark>(json!({ "kind": "none" })).expect_err("an unknown kind");
        let listed = error.to_string();
        listed.split('`').skip(3).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn every_kind_has_an_example_and_goes_over_the_wire_and_into_tables_as_it_is() {
        let mut seen = BTreeSet::new();
        for example in examples() {
            let remark: Remark = serde_json::from_value(example.clone()).expect("a remark");
            assert_eq!(serde_json::to_value(&remark).expect("JSON"), example, "as tables keep it");
            let wire = v1::Remark::from(remark.clone());
            assert_eq!(serde_json::to_value(&wire).expect("JSON"), example, "as it goes over the wire");
            assert_eq!(Remark::try_from(wire), Ok(remark));
            seen.insert(example["kind"].as_str().expect("a kind").to_owned());
        }
        assert_eq!(seen, kinds());
    }

    #[test]
    fn a_kind_without_its_facts_and_one_that_nobody_knows_are_refused_by_name() {
        let refused = |remark: v1::Remark| Remark::try_from(remark).expect_err("refused").to_string();
        let lacking = v1::Remark { kind: "line_gone".to_owned(), ..v1::Remark::default() };
        assert_eq!(refused(lacking), "kind: with it missing field `sent`");
        let unknown = v1::Remark { kind: "mystery".to_owned(), ..v1::Remark::default() };
        assert!(refused(unknown).starts_with("kind: with it unknown variant `mystery`, expected one of"));
    }
}
