//! The wire: types generated from `proto-schemas`, their envelope, and the way to and from domain.

/// The generated types, in proto3 JSON through serde. Each is documented in `proto-schemas/`.
#[expect(missing_docs, clippy::all, unused_qualifications, reason = "generated")]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/kaseya_sync.v1.rs"));
    include!(concat!(env!("OUT_DIR"), "/strict/kaseya_sync.v1.serde.rs"));
    include!(concat!(env!("OUT_DIR"), "/lenient/kaseya_sync.v1.serde.rs"));
}
