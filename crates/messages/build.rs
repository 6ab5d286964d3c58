//! Compiles `proto-schemas/` without `protoc`: prost types, and the proto3 JSON mapping of each.
//!
//! The three inbound public messages refuse unknown fields; all others ignore them.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use prost::Message as _;
use protox::prost_reflect::{Cardinality, DescriptorPool, FieldDescriptor, Kind};

/// What portals and the provider send, with the messages inside.
const INBOUND: [&str; 8] = [
    ".kaseya_sync.v1.SyncRequested",
    ".kaseya_sync.v1.CompanySelection",
    ".kaseya_sync.v1.AllCompanies",
    ".kaseya_sync.v1.CompanyList",
    ".kaseya_sync.v1.UserCountsReported",
    ".kaseya_sync.v1.CompanyCounts",
    ".kaseya_sync.v1.ProductCount",
    ".kaseya_sync.v1.HoldDecided",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new("../../proto-schemas");
    println!("cargo::rerun-if-changed={}", root.display());
    let descriptors =
        protox::compile(["kaseya_sync/v1/public.proto", "kaseya_sync/v1/internal.proto"], [root])?;
    let encoded = descriptors.encode_to_vec();
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("shapes.rs"), shapes(&DescriptorPool::decode(encoded.as_slice())?)?)?;

    prost_build::Config::new()
        .compile_well_known_types()
        .extern_path(".google.protobuf", "::pbjson_types")
        .compile_fds(descriptors)?;

    let strict = out.join("strict");
    std::fs::create_dir_all(&strict)?;
    pbjson_build::Builder::new().register_descriptors(&encoded)?.out_dir(strict).build(&INBOUND)?;

    let lenient = out.join("lenient");
    std::fs::create_dir_all(&lenient)?;
    pbjson_build::Builder::new()
        .register_descriptors(&encoded)?
        .exclude(INBOUND)
        .ignore_unknown_fields()
        .out_dir(lenient)
        .build(&[".kaseya_sync.v1"])?;
    Ok(())
}

/// The shapes of the inbound messages as a Rust constant: an external sender's mistake is reported by field and fix,
/// which serde cannot do.
fn shapes(pool: &DescriptorPool) -> Result<String, Box<dyn std::error::Error>> {
    let mut code = String::from("pub(crate) const SHAPES: &[Shape] = &[\n");
    for name in INBOUND {
        let message = pool.get_message_by_name(name.trim_start_matches('.')).ok_or(name)?;
        writeln!(code, "    Shape {{ name: {:?}, fields: &[", message.name())?;
        for field in message.fields() {
            let group =
                field.containing_oneof().filter(|_| !field.field_descriptor_proto().proto3_optional());
            writeln!(
                code,
                "        Field {{ name: {:?}, json: {:?}, kind: {}, repeated: {}, exclusive: {} }},",
                field.name(),
                field.json_name(),
                kind(&field)?,
                field.cardinality() == Cardinality::Repeated,
                group.is_some(),
            )?;
        }
        code.push_str("    ] },\n");
    }
    code.push_str("];\n");
    Ok(code)
}

fn kind(field: &FieldDescriptor) -> Result<String, Box<dyn std::error::Error>> {
    Ok(match field.kind() {
        Kind::String => "Kind::Text".to_owned(),
        Kind::Bool => "Kind::Flag".to_owned(),
        Kind::Uint32 => "Kind::Whole".to_owned(),
        Kind::Double => "Kind::Decimal".to_owned(),
        Kind::Enum(of) => {
            let names: Vec<String> = of.values().map(|value| value.name().to_owned()).collect();
            format!("Kind::Choice(&{names:?})")
        }
        Kind::Message(of) if of.full_name() == "google.protobuf.Timestamp" => "Kind::Instant".to_owned(),
        Kind::Message(of) => format!("Kind::Message({:?})", of.name()),
        other => return Err(format!("{}: an inbound {other:?} is not read yet", field.full_name()).into()),
    })
}
