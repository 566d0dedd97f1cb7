//! Kafka Connect's schemas, as far as they say how values are encoded.

use std::{borrow::Cow, collections::HashMap};

use serde::Deserialize;

use super::value::{Decoding, Encoding};
use crate::event::decode::temporal::Precision::{Microseconds, Milliseconds, Nanoseconds};

/// A schema as Kafka Connect's JSON converter writes it.
#[derive(Debug, Deserialize)]
pub(super) struct Schema<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    field: Option<Cow<'a, str>>,
    #[serde(borrow)]
    parameters: Option<HashMap<Cow<'a, str>, Cow<'a, str>>>,
    fields: Option<Vec<Schema<'a>>>,
    items: Option<Box<Schema<'a>>>,
    values: Option<Box<Schema<'a>>>,
}

impl Schema<'_> {
    /// How the values of a member are decoded; as they came, where there is no such member.
    pub(super) fn of_member(&self, name: &str) -> Decoding {
        let mut fields = self.fields.iter().flatten();
        let found = fields.find(|field| field.field.as_deref() == Some(name));
        found.map_or(Decoding::AsItCame, Schema::decoding)
    }

    /// How values are decoded.
    fn decoding(&self) -> Decoding {
        if let Some(encoding) = self.name.as_deref().and_then(|name| self.encoding(name)) {
            return Decoding::Of(encoding);
        }
        if let Some(fields) = &self.fields {
            let member =
                |field: &Schema<'_>| Some((field.field.as_deref()?.to_owned(), field.decoding()));
            let members: HashMap<String, Decoding> = fields
                .iter()
                .filter_map(member)
                .filter(|(_, decoding)| *decoding != Decoding::AsItCame)
                .collect();
            if !members.is_empty() {
                return Decoding::Members(members);
            }
        }
        match self.items.as_ref().or(self.values.as_ref()) {
            Some(each) => match each.decoding() {
                Decoding::AsItCame => Decoding::AsItCame,
                decoding => Decoding::Each(Box::new(decoding)),
            },
            None => Decoding::AsItCame,
        }
    }

    /// What a schema's name says of its values; none for names of values that are what Django
    /// has already, and for unknown ones.
    fn encoding(&self, name: &str) -> Option<Encoding> {
        Some(match name {
            "io.debezium.time.Date" | "org.apache.kafka.connect.data.Date" => Encoding::Date,
            "io.debezium.time.Time" | "org.apache.kafka.connect.data.Time" => {
                Encoding::Time(Milliseconds)
            }
            "io.debezium.time.MicroTime" => Encoding::Time(Microseconds),
            "io.debezium.time.NanoTime" => Encoding::Time(Nanoseconds),
            "io.debezium.time.Timestamp" | "org.apache.kafka.connect.data.Timestamp" => {
                Encoding::Datetime(Milliseconds)
            }
            "io.debezium.time.MicroTimestamp" => Encoding::Datetime(Microseconds),
            "io.debezium.time.NanoTimestamp" => Encoding::Datetime(Nanoseconds),
            "io.debezium.time.MicroDuration" => Encoding::Duration(Microseconds),
            "io.debezium.time.NanoDuration" => Encoding::Duration(Nanoseconds),
            "org.apache.kafka.connect.data.Decimal" => Encoding::Decimal {
                scale: self.parameter("scale"),
            },
            "io.debezium.data.VariableScaleDecimal" => Encoding::ScaledDecimal,
            "io.debezium.data.Json" => Encoding::Json,
            "io.debezium.data.Bits" => Encoding::Bits {
                length: self.parameter("length"),
            },
            _ => return None,
        })
    }

    fn parameter(&self, name: &str) -> Option<i64> {
        self.parameters.as_ref()?.get(name)?.parse().ok()
    }
}
