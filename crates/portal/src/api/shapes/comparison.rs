//! A mapping file beside what is stored (B-08).

use operations::{
    mapping_file as file,
    read_models::{Left, Mapping, NotYetKnown},
};
use serde::Serialize;
use store::settings::{CompanyMapping, ProductBilling, ProductMapping};
use utoipa::ToSchema;

use super::{Rule, Service};

/// A mapping file compared with what is stored.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Comparison {
    /// Identifies the differences. Required to apply the file.
    mark: String,
    /// Invalid rows. A file with any of them is not applied.
    bad_rows: Vec<BadRow>,
    /// What the file changes.
    differences: Vec<Difference>,
    /// Groups of companies whose users would be added together on one line and are not yet, as ids.
    companies_together: Vec<Vec<String>>,
    /// Products that would be one service and are not yet, as ids.
    products_together: Vec<String>,
    /// Ids that the file brings in and Kaseya has never shown. A sync finds out whether they are right.
    not_yet_known: NotYetKnown,
    /// Lines that would be left over, each with a hold of its own. Empty while there are bad rows.
    left_over: Vec<Left>,
}

/// An invalid row.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BadRow {
    /// Row number in a spreadsheet. The header row is 1.
    line: u64,
    /// Name of the column in the header row.
    column: &'static str,
    /// What is wrong and what is valid, in English.
    detail: String,
}

/// A change by the file. `from` or `to` is null where nothing is or would be stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "about", rename_all = "snake_case")]
pub(crate) enum Difference {
    /// The service of a product.
    Product { product_id: String, from: Option<Service>, to: Option<Service> },
    /// Account and contracts of a company.
    Company { company_id: String, from: Option<Mapping>, to: Option<Mapping> },
    /// The billing rule of a company's product.
    Billing { company_id: String, product_id: String, from: Option<Rule>, to: Option<Rule> },
}

impl From<file::Difference> for Difference {
    fn from(difference: file::Difference) -> Self {
        let service = |mapping: Option<ProductMapping>| mapping.map(Service::from);
        let mapping = |mapping: Option<CompanyMapping>| mapping.map(Mapping::from);
        match difference {
            file::Difference::Product { product, from, to } => {
                Self::Product { product_id: product.to_string(), from: service(from), to: service(to) }
            }
            file::Difference::Company { company, from, to } => {
                Self::Company { company_id: company.to_string(), from: mapping(from), to: mapping(to) }
            }
            file::Difference::Billing { company, product, from, to } => {
                let rule = |rule: Option<ProductBilling>| rule.map(|rule| Rule::of((product.clone(), rule)));
                let (from, to) = (rule(from), rule(to));
                Self::Billing { company_id: company.to_string(), product_id: product.to_string(), from, to }
            }
        }
    }
}

impl From<file::Comparison> for Comparison {
    fn from(compared: file::Comparison) -> Self {
        let mark = compared.mark();
        let bad = compared.bad.into_iter().map(|row| BadRow {
            line: row.line,
            column: row.column,
            detail: row.wrong.to_string(),
        });
        let together = compared.companies_together.iter();
        Self {
            mark,
            bad_rows: bad.collect(),
            differences: compared.differences.into_iter().map(Difference::from).collect(),
            companies_together: together.map(|ids| ids.iter().map(ToString::to_string).collect()).collect(),
            products_together: compared.products_together.iter().map(ToString::to_string).collect(),
            not_yet_known: NotYetKnown::of(compared.not_yet_known),
            left_over: compared.leftovers.into_iter().map(Left::from).collect(),
        }
    }
}
