//! Compiles `proto-schemas/` without `protoc`: prost types, and the proto3 JSON mapping of each.
//!
//! The three inbound public messages refuse unknown fields; all others ignore them.

use std::path::{Path, PathBuf};

use prost::Message as _;

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
