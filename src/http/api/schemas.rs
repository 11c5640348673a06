//! How ids and days look in JSON: texts, whatever they are inside. The domain itself knows nothing of documents.
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr, Schema,
        schema::{SchemaFormat, Type},
    },
};

use crate::domain::{
    day::Day,
    id::{CaseId, InstanceId, ItemId, KeyedReader, OrgId, ReaderId},
};

fn format(text: ObjectBuilder, name: &str) -> ObjectBuilder {
    text.format(Some(SchemaFormat::Custom(name.to_owned())))
}

fn pattern(text: ObjectBuilder, pattern: &str) -> ObjectBuilder {
    text.pattern(Some(pattern))
}

macro_rules! text {
    ($($name:ident, $form:ident $of:literal, $example:literal, $says:literal;)+) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new().schema_type(Type::String).description(Some($says)).examples([$example]);
                $form(text, $of).into()
            }
        }
        impl ToSchema for $name {}
    )+};
}

text! {
    CaseId, format "uuid", "5f0c1c0e-93a4-8d8e-a7a2-3a1d5b7f9c11", "A case: a hash of its reporter's public keys.";
    ItemId, format "uuid", "0c7e2f4a-7d0e-4b53-9f3c-6f1e6f0d6a11", "An item: one sealed thing in a case. Random.";
    InstanceId, format "uuid", "b6a5ce1e-6f5a-4a52-8c44-0f8a1d9f2e10", "The deployment. Random.";
    Day, format "date", "2026-11-25", "A civil day in the Netherlands.";
    OrgId, pattern "^[a-z0-9-]{2,40}$", "bzk", "An organisation of the roster.";
    ReaderId, pattern "^[a-z0-9-]{2,40}$", "bzk-functionaris-1", "A reader of the roster.";
    KeyedReader, pattern "^[a-z0-9-]{2,40}#[0-9a-f]{32}$", "bzk-functionaris-1#0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "A reader with a hash of their two public keys: the same name with other keys is somebody else.";
}
