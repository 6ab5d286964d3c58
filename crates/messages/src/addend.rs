//! Addends of a number: decoding and encoding.

use domain::{Addend, CompanyId, ProductId, UserCount};

use crate::{
    FieldError,
    field::{day, id, instant, required, wire_instant},
    v1,
};

impl TryFrom<v1::Addend> for Addend {
    type Error = FieldError;

    fn try_from(addend: v1::Addend) -> Result<Self, FieldError> {
        let count = addend
            .users
            .map(|users| {
                let of_day = required("count_day", addend.count_day.as_deref())?;
                let (day, counted_at) =
                    (day("count_day", of_day)?, instant("counted_at", addend.counted_at)?);
                Ok(UserCount { users, day, counted_at })
            })
            .transpose()?;
        Ok(Self {
            company: id("company_id", CompanyId::new(addend.company_id))?,
            product: id("product_id", ProductId::new(addend.product_id))?,
            mapping_version: required("mapping_version", addend.mapping_version)?,
            billed: count.map(|count| addend.billed_units.unwrap_or(count.users)),
            count,
        })
    }
}

impl From<&Addend> for v1::Addend {
    fn from(addend: &Addend) -> Self {
        Self {
            company_id: addend.company.to_string(),
            product_id: addend.product.to_string(),
            mapping_version: Some(addend.mapping_version),
            users: addend.count.map(|count| count.users),
            count_day: addend.count.map(|count| count.day.to_string()),
            counted_at: addend.count.map(|count| wire_instant(count.counted_at)),
            billed_units: addend.billed,
        }
    }
}
