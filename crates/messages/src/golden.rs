//! The golden files of `proto-schemas/golden`: written by hand once per message and version, readable for ever.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    envelope::{KINDS, round_trip},
    field::wire_instant,
    job_content::JobContent,
    job_done::JobDone,
    v1,
};

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto-schemas")
}

/// Each golden file of this version with the full type of its example: `Type.json` or `Type.case.json`.
fn golden_files() -> Vec<(String, String)> {
    std::fs::read_dir(schemas().join("golden/v1"))
        .expect("the folder")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            let (of, _) = name.split_once('.').expect("a file of a type");
            (format!("kaseya_sync.v1.{of}"), std::fs::read_to_string(&path).expect("a text"))
        })
        .collect()
}

#[test]
fn every_golden_file_is_read_whole_and_written_the_same() {
    for (kind, text) in golden_files() {
        let written = round_trip(&kind, text.as_bytes()).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let golden: Value = serde_json::from_str(&text).expect("JSON");
        // The hand writes UTC as Z, the program as +00:00; RFC 3339 has both.
        let written = String::from_utf8(written.to_vec()).expect("UTF-8").replace("+00:00\"", "Z\"");
        let written: Value = serde_json::from_str(&written).expect("JSON");
        assert_eq!(written, golden, "{kind}");
    }
}

#[test]
fn every_message_has_a_golden_file() {
    let written: BTreeSet<_> = golden_files().into_iter().map(|(kind, _)| kind).collect();
    let travelling: BTreeSet<_> = KINDS.iter().map(|kind| (*kind).to_owned()).collect();
    assert_eq!(written, travelling);
}

#[test]
fn every_message_of_the_proto_files_travels_or_is_a_part_of_one_that_does() {
    let files =
        protox::compile(["kaseya_sync/v1/public.proto", "kaseya_sync/v1/internal.proto"], [schemas()])
            .expect("the proto files compile");
    let messages: Vec<_> = files
        .file
        .iter()
        .filter(|file| file.package() == "kaseya_sync.v1")
        .flat_map(|file| &file.message_type)
        .collect();
    let parts: BTreeSet<_> = messages
        .iter()
        .flat_map(|message| &message.field)
        .map(|field| field.type_name().trim_start_matches('.').to_owned())
        .collect();
    let wholes: BTreeSet<_> = messages
        .iter()
        .map(|message| format!("kaseya_sync.v1.{}", message.name()))
        .filter(|name| !parts.contains(name))
        .collect();
    assert_eq!(wholes, KINDS.iter().map(|kind| (*kind).to_owned()).collect());
}

#[test]
fn no_number_or_switch_of_the_proto_files_has_a_default() {
    use protox::prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
    let files =
        protox::compile(["kaseya_sync/v1/public.proto", "kaseya_sync/v1/internal.proto"], [schemas()])
            .expect("the proto files compile");
    for file in files.file.iter().filter(|file| file.package() == "kaseya_sync.v1") {
        for message in &file.message_type {
            for field in &message.field {
                let may_default =
                    matches!(field.r#type(), Type::String | Type::Bytes | Type::Message | Type::Enum);
                assert!(
                    may_default || field.proto3_optional() || field.label() == Label::Repeated,
                    "{}.{} must be optional: its absence would be a 0",
                    message.name(),
                    field.name()
                );
            }
        }
    }
}

/// A golden content as a worker takes it: the head that only one of them shows, and an instant for every count.
fn complete(mut content: v1::JobContent) -> v1::JobContent {
    let integration = || v1::SealedIntegration { credentials_version: Some(1), ..Default::default() };
    content.integration.get_or_insert_with(integration);
    content.allowance.get_or_insert(v1::CallAllowance { v2: Some(40), v1: Some(0) });
    content.brakes.get_or_insert(v1::Brakes { units: Some(5), percent: Some(20), units_alone: Some(25) });
    content.lease_seconds.get_or_insert(60);
    content.slice_seconds.get_or_insert(30);
    content.probing.get_or_insert(false);
    content.setbacks.get_or_insert(0);
    let targets = content.contracts.iter_mut().flat_map(|contract| &mut contract.targets);
    for addend in targets.flat_map(|target| &mut target.addends) {
        addend.counted_at.get_or_insert(wire_instant(Timestamp::UNIX_EPOCH));
    }
    content
}

/// What is read of a message is written and read again as it was: neither way loses a field.
#[test]
fn job_content_and_job_done_come_back_as_they_went() {
    for (kind, text) in golden_files() {
        match kind.strip_prefix("kaseya_sync.v1.") {
            Some("JobDone") => {
                let mut wire: v1::JobDone = serde_json::from_str(&text).expect("a JobDone");
                for company in &mut wire.companies {
                    company.seen_equal.get_or_insert(false);
                }
                let done = JobDone::try_from(wire).expect("it can be read");
                assert_eq!(JobDone::try_from(v1::JobDone::from(done.clone())), Ok(done));
            }
            Some("StartJobAnswer") => {
                let wire: v1::StartJobAnswer = serde_json::from_str(&text).expect("an answer");
                let Some(v1::start_job_answer::Answer::Content(content)) = wire.answer else { continue };
                let content = JobContent::try_from(complete(content)).expect("it can be read");
                assert_eq!(JobContent::try_from(v1::JobContent::from(content.clone())), Ok(content));
            }
            _ => {}
        }
    }
}
