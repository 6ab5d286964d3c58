//! A row of a query result.

use std::{
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::{Brakes, CompanyId, ContractId, ErrorCode, PartnerId, ProductId, RunBrake};
use tokio_postgres::types::FromSqlOwned;

use crate::{
    StoreError,
    postgres::{error::chain, schema},
};

/// A row of a query result; columns are read by name.
#[derive(Debug)]
pub struct Row {
    pub(crate) values: tokio_postgres::Row,
    pub(crate) query: Arc<Query>,
}

/// The query that rows came from, kept for the error of a value that does not convert.
#[derive(Debug)]
pub(crate) struct Query {
    /// The transaction's name.
    pub(crate) transaction: &'static str,
    pub(crate) sql: String,
    /// Set with the first such error.
    pub(crate) unexpected: Arc<AtomicBool>,
}

impl Row {
    /// A column's value.
    pub fn get<T: FromSqlOwned>(&self, column: &str) -> Result<T, StoreError> {
        self.values.try_get(column).map_err(|error| self.unreadable(column, &chain(&error)))
    }

    /// The error of a column whose value does not convert.
    fn unreadable(&self, column: &str, reason: &dyn Display) -> StoreError {
        let Query { transaction, sql, unexpected } = &*self.query;
        unexpected.store(true, Ordering::Relaxed);
        StoreError::Column {
            transaction,
            tables: schema::tables_of(sql),
            column: column.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// A column that holds a partner's id.
    pub fn partner_id(&self, column: &str) -> Result<PartnerId, StoreError> {
        PartnerId::new(self.get::<String>(column)?).map_err(|error| self.unreadable(column, &error))
    }

    /// A column that holds a company's id.
    pub fn company_id(&self, column: &str) -> Result<CompanyId, StoreError> {
        CompanyId::new(self.get::<String>(column)?).map_err(|error| self.unreadable(column, &error))
    }

    /// A column with a list of companies.
    pub fn company_ids<C: FromIterator<CompanyId>>(&self, column: &str) -> Result<C, StoreError> {
        let ids = self.get::<Vec<String>>(column)?.into_iter().map(CompanyId::new);
        ids.collect::<Result<_, _>>().map_err(|error| self.unreadable(column, &error))
    }

    /// A column that holds one of a closed list of stable texts, e.g. `named("mode", RunMode::parse)`.
    pub fn named<T>(&self, column: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, StoreError> {
        let text: String = self.get(column)?;
        parse(&text)
            .ok_or_else(|| self.unreadable(column, &format!("{text:?} is not one of the known words")))
    }

    /// A column that holds a code of the error catalogue, or null.
    pub fn optional_code(&self, column: &str) -> Result<Option<ErrorCode>, StoreError> {
        let text: Option<String> = self.get(column)?;
        text.map(|text| text.parse().map_err(|error| self.unreadable(column, &error))).transpose()
    }

    /// A column that holds a contract; 0 means a company without contract.
    pub fn contract_or_none(&self, column: &str) -> Result<Option<ContractId>, StoreError> {
        let contract: i32 = self.get(column)?;
        Ok((contract != 0).then_some(ContractId(contract)))
    }

    /// A column that holds a product's id.
    pub fn product_id(&self, column: &str) -> Result<ProductId, StoreError> {
        ProductId::new(self.get::<String>(column)?).map_err(|error| self.unreadable(column, &error))
    }

    /// An integer column with a constraint that keeps it in the range of `T`.
    pub fn number<T: TryFrom<i32>>(&self, column: &str) -> Result<T, StoreError> {
        let value: i32 = self.get(column)?;
        T::try_from(value).map_err(|_| self.unreadable(column, &format!("{value} is out of range")))
    }

    /// The columns with an integration's brakes for one line.
    pub fn brakes(&self) -> Result<Brakes, StoreError> {
        Ok(Brakes {
            units: self.number("brake_units")?,
            percent: self.number("brake_percent")?,
            units_alone: self.number("brake_units_alone")?,
        })
    }

    /// The columns with an integration's brake for one run.
    pub fn run_brake(&self) -> Result<RunBrake, StoreError> {
        Ok(RunBrake {
            percent: self.number("run_brake_percent")?,
            companies: self.number("run_brake_companies")?,
        })
    }
}
