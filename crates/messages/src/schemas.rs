//! `asyncapi.yaml` gives each message a JSON Schema, for readers without proto files: it must match the proto file.

use std::path::Path;

use protox::prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor, prost::Message as _};
use serde_json::{Map, Value, json};

use crate::stranger;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto-schemas").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The schemas of all messages, as proto3 JSON writes them.
fn schemas() -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto-schemas");
    let files = protox::compile(["kaseya_sync/v1/public.proto", "kaseya_sync/v1/internal.proto"], [root])
        .expect("the proto files compile");
    let pool = DescriptorPool::decode(files.encode_to_vec().as_slice()).expect("descriptors");
    let schemas: Map<String, Value> = pool
        .all_messages()
        .filter(|message| message.package_name() == "kaseya_sync.v1")
        .map(|message| (message.name().to_owned(), schema(&message)))
        .collect();
    Value::Object(schemas)
}

fn schema(message: &MessageDescriptor) -> Value {
    let properties: Map<String, Value> = message
        .fields()
        .map(|field| {
            let of_one = value(&field);
            let of_all = if field.is_list() { json!({ "type": "array", "items": of_one }) } else { of_one };
            (field.json_name().to_owned(), of_all)
        })
        .collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if stranger::refuses_unknown_fields(message.name()) {
        schema["additionalProperties"] = json!(false);
    }
    schema
}

fn value(field: &FieldDescriptor) -> Value {
    match field.kind() {
        Kind::String => json!({ "type": "string" }),
        Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Uint32 => json!({ "type": "integer", "minimum": 0 }),
        Kind::Int32 => json!({ "type": "integer" }),
        // As proto3 JSON writes 64 bits.
        Kind::Uint64 | Kind::Int64 => json!({ "type": "string" }),
        Kind::Double => json!({ "type": "number" }),
        Kind::Enum(of) => {
            let names: Vec<String> = of.values().map(|value| value.name().to_owned()).collect();
            json!({ "type": "string", "enum": names })
        }
        Kind::Message(of) if of.full_name() == "google.protobuf.Timestamp" => {
            json!({ "type": "string", "format": "date-time" })
        }
        Kind::Message(of) => json!({ "$ref": format!("#/components/schemas/{}", of.name()) }),
        other => panic!("{}: no schema for {other:?} yet", field.full_name()),
    }
}

#[test]
fn case_e16_asyncapi_has_one_schema_per_message() {
    let document: Value = serde_saphyr::from_str(&read("asyncapi.yaml")).expect("YAML");
    let schemas = schemas();
    for (name, message) in document["components"]["messages"].as_object().expect("messages") {
        let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
        assert_eq!(message["payload"], schema, "{name}");
    }
    if document["components"]["schemas"] != schemas {
        let path = std::env::temp_dir().join("kaseya-sync-schemas.json");
        std::fs::write(&path, schemas.to_string()).expect("written");
        panic!("components/schemas of asyncapi.yaml are not those of the proto files: {}", path.display());
    }
}
