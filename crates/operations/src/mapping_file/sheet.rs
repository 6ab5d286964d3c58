//! The file itself: a header row, then one row per product, per company, and per product of a company with a
//! contract or a billing rule of its own.

use domain::{AccountId, BillingRule, CompanyId, ContractId, MAX_UNITS, ProductId, ServiceId};
use store::settings::{Contract, PartnerSettings, ProductBilling, ProductMapping};

use super::{BadRow, Column, MAX_BYTES, MAX_ROWS, NotLooked, Separator, Wrong};
use crate::spreadsheet::{self, marked, unmarked};

const COLUMNS: [Column; 15] = [
    "row",
    "company_id",
    "company",
    "product_id",
    "product",
    "account_id",
    "account",
    "contract_id",
    "contract",
    "service_id",
    "service",
    "billing",
    "minimum",
    "included_free",
    "note",
];
const KINDS: &str = "product, company, company_product";
const RULES: &str = "as_counted, not_billed, billed";

/// Valid rows and invalid rows.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub rows: Vec<Row>,
    pub bad: Vec<BadRow>,
}

/// A row, with its number in a spreadsheet.
#[derive(Debug)]
pub(super) struct Row {
    pub line: u64,
    pub about: About,
    pub says: Says,
}

/// What a row is about, with the names that it shows for people.
#[derive(Debug, Default)]
pub(super) struct About {
    pub company: Option<(CompanyId, String)>,
    pub product: Option<(ProductId, String)>,
}

/// What a row sets.
#[derive(Debug)]
pub(super) enum Says {
    /// The service of a product.
    Service(Option<ProductMapping>),
    /// The account and contract of a company.
    Mapping(Option<(AccountId, String, Contract)>),
    /// The own contract and billing rule of a company's product.
    Own(Option<Contract>, Option<ProductBilling>),
}

pub(super) fn write(settings: &PartnerSettings, separator: Separator) -> Vec<u8> {
    let mut lines = vec![COLUMNS.map(str::to_owned)];
    for (id, product) in &settings.products {
        let mut row = Writing::new("product");
        row.put("product_id", id).put("product", &product.name);
        if let Some(mapping) = &product.mapping {
            row.put("service_id", &mapping.service).put("service", &mapping.service_name);
        }
        lines.push(row.0);
    }
    for (id, company) in &settings.companies {
        let mut row = Writing::new("company");
        row.put("company_id", id).put("company", &company.name);
        if let Some(mapping) = &company.mapping {
            row.put("account_id", &mapping.account).put("account", &mapping.account_name);
            row.contract(&mapping.contract);
        }
        lines.push(row.0);
        for (product, known) in &settings.products {
            let own = company.mapping.as_ref().and_then(|mapping| mapping.product_contracts.get(product));
            let rule = company.billing_rules.get(product);
            if own.is_none() && rule.is_none() {
                continue;
            }
            let mut row = Writing::new("company_product");
            row.put("company_id", id).put("company", &company.name);
            row.put("product_id", product).put("product", &known.name);
            if let Some(contract) = own {
                row.contract(contract);
            }
            row.billing(rule);
            lines.push(row.0);
        }
    }
    spreadsheet::file(separator, lines)
}

struct Writing([String; COLUMNS.len()]);

impl Writing {
    fn new(kind: &str) -> Self {
        let mut row = Self(COLUMNS.map(|_| String::new()));
        row.put("row", &kind);
        row
    }

    fn put(&mut self, column: Column, value: &impl std::fmt::Display) -> &mut Self {
        for (cell, _) in self.0.iter_mut().zip(COLUMNS).filter(|(_, name)| *name == column) {
            *cell = marked(&value.to_string());
        }
        self
    }

    fn contract(&mut self, contract: &Contract) {
        self.put("contract_id", &contract.id).put("contract", &contract.name);
    }

    fn billing(&mut self, billing: Option<&ProductBilling>) {
        let Some(billing) = billing else {
            self.put("billing", &"as_counted");
            return;
        };
        match billing.rule {
            BillingRule::NotBilled => {
                self.put("billing", &"not_billed");
            }
            BillingRule::Billed { minimum, included_free } => {
                self.put("billing", &"billed").put("minimum", &minimum).put("included_free", &included_free);
            }
        }
        self.put("note", &billing.note.as_deref().unwrap_or_default());
    }
}

pub(super) fn read(file: &[u8]) -> Result<Sheet, NotLooked> {
    if file.len() > MAX_BYTES {
        return Err(NotLooked::TooLarge);
    }
    let text = std::str::from_utf8(file).map_err(|_| NotLooked::NotUtf8)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().find(|line| !line.is_empty()).unwrap_or_default();
    let delimiter = if first.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut numbers = RowNumbers::new(text.as_bytes());
    let mut head = csv::StringRecord::new();
    if !reader.read_record(&mut head).map_err(|_| NotLooked::NotUtf8)? {
        return Err(NotLooked::NoColumn(COLUMNS[0]));
    }
    numbers.next(reader.position());
    let named = |name: &str, column: &str| name.trim().eq_ignore_ascii_case(column);
    let mut places = [0; COLUMNS.len()];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        *place = head.iter().position(|name| named(name, column)).ok_or(NotLooked::NoColumn(column))?;
    }
    let mut sheet = Sheet::default();
    let mut record = csv::StringRecord::new();
    let mut read = 0;
    while reader.read_record(&mut record).map_err(|_| NotLooked::NotUtf8)? {
        let line = numbers.next(reader.position());
        if read == MAX_ROWS {
            return Err(NotLooked::TooManyRows);
        }
        read += 1;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let mut reading = Reading { line, places: &places, record: &record, bad: Vec::new() };
        if record.len() > head.len() {
            reading.wrong("row", Wrong::TooManyCells);
        }
        let strange = head.iter().enumerate().find(|(place, _)| {
            let is_filled = record.get(*place).is_some_and(|cell| !cell.trim().is_empty());
            is_filled && !places.contains(place)
        });
        if let Some((_, name)) = strange {
            return Err(NotLooked::StrangeColumn(name.trim().chars().take(100).collect()));
        }
        let row = reading.row();
        match row {
            Some((about, says)) if reading.bad.is_empty() => sheet.rows.push(Row { line, about, says }),
            _ => sheet.bad.extend(reading.bad),
        }
    }
    Ok(sheet)
}

/// Numbers rows as a spreadsheet does: a row with line breaks in quotes is one row, and an empty line is a row too,
/// though the reader skips it.
struct RowNumbers<'a> {
    text: &'a [u8],
    /// Where the last row ended.
    end: usize,
    number: u64,
}

impl<'a> RowNumbers<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { text, end: 0, number: 0 }
    }

    /// The number of the row that the reader has just finished at this position.
    fn next(&mut self, read_to: &csv::Position) -> u64 {
        let mut place = self.end;
        while let Some(b'\r' | b'\n') = self.text.get(place) {
            place += if self.text[place..].starts_with(b"\r\n") { 2 } else { 1 };
            self.number += 1;
        }
        self.number += 1;
        self.end = usize::try_from(read_to.byte()).unwrap_or(usize::MAX).min(self.text.len());
        // The reader stops between the two characters of a line break.
        if self.text[..self.end].ends_with(b"\r") && self.text.get(self.end) == Some(&b'\n') {
            self.end += 1;
        }
        self.number
    }
}

/// A row that is being read.
struct Reading<'a> {
    line: u64,
    places: &'a [usize; COLUMNS.len()],
    record: &'a csv::StringRecord,
    bad: Vec<BadRow>,
}

impl Reading<'_> {
    fn wrong(&mut self, column: Column, wrong: Wrong) {
        self.bad.push(BadRow { line: self.line, column, wrong });
    }

    /// The text of a cell, without its mark.
    fn name(&self, column: Column) -> String {
        let place = COLUMNS.iter().zip(self.places).find(|(name, _)| **name == column);
        let cell = place.and_then(|(_, place)| self.record.get(*place)).unwrap_or_default();
        unmarked(cell).to_owned()
    }

    /// The same, trimmed; `None` if empty.
    fn cell(&self, column: Column) -> Option<String> {
        Some(self.name(column).trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Refuses cells that have no effect. A value in `instead` would give them one.
    fn without_effect(&mut self, columns: &[Column], instead: Option<Column>) {
        for column in columns.iter().copied() {
            if self.cell(column).is_some() {
                self.wrong(column, Wrong::NoEffect(instead));
            }
        }
    }

    /// Refuses a name without its id: a name alone maps nothing.
    fn name_of(&mut self, name: Column, id: Column) {
        if self.cell(id).is_none() {
            self.without_effect(&[name], Some(id));
        }
    }

    fn row(&mut self) -> Option<(About, Says)> {
        for column in ["company", "product", "account", "contract", "service", "note"] {
            if let Err(error) = domain::check_text(&self.name(column), domain::MAX_NOTE) {
                self.wrong(column, Wrong::Text(error));
            }
        }
        match self.cell("row").as_deref() {
            Some("product") => {
                self.without_effect(&["company_id", "company", "account_id", "account"], None);
                self.without_effect(&["contract_id", "contract"], None);
                self.without_effect(&["billing", "minimum", "included_free", "note"], None);
                self.name_of("service", "service_id");
                let product = self.product();
                let service = self.number("service_id", 1, i32::MAX.unsigned_abs());
                let service = service.map(|service| ProductMapping {
                    service: ServiceId(service),
                    service_name: self.name("service"),
                });
                Some((About { company: None, product: Some(product?) }, Says::Service(service)))
            }
            Some("company") => {
                self.without_effect(&["product_id", "product", "service_id", "service"], None);
                self.without_effect(&["billing", "minimum", "included_free", "note"], None);
                self.name_of("account", "account_id");
                self.name_of("contract", "contract_id");
                let company = self.company();
                let mapping = self.mapping();
                Some((About { company: Some(company?), product: None }, Says::Mapping(mapping)))
            }
            Some("company_product") => {
                self.without_effect(&["account_id", "account", "service_id", "service"], None);
                self.name_of("contract", "contract_id");
                let (company, product) = (self.company(), self.product());
                let own = self.contract();
                let billing = self.billing();
                let about = About { company: Some(company?), product: Some(product?) };
                Some((about, Says::Own(own, billing)))
            }
            Some(_) => {
                self.wrong("row", Wrong::NotOneOf(KINDS));
                None
            }
            None => {
                self.wrong("row", Wrong::Missing);
                None
            }
        }
    }

    fn id<T>(&mut self, column: Column, new: impl FnOnce(String) -> Option<T>) -> Option<T> {
        let Some(text) = self.cell(column) else {
            self.wrong(column, Wrong::Missing);
            return None;
        };
        let id = new(text.clone());
        if id.is_none() {
            self.wrong(column, Wrong::Unknown(text));
        }
        id
    }

    fn company(&mut self) -> Option<(CompanyId, String)> {
        let id = self.id("company_id", |text| CompanyId::new(text).ok())?;
        Some((id, self.name("company")))
    }

    fn product(&mut self) -> Option<(ProductId, String)> {
        let id = self.id("product_id", |text| ProductId::new(text).ok())?;
        Some((id, self.name("product")))
    }

    /// A whole number; `None` if empty.
    fn number(&mut self, column: Column, least: u32, most: u32) -> Option<i32> {
        let text = self.cell(column)?;
        let number = text.parse::<u32>().ok().filter(|number| (least..=most).contains(number));
        let number = number.and_then(|number| i32::try_from(number).ok());
        if number.is_none() {
            self.wrong(column, Wrong::OutOfRange { least, most });
        }
        number
    }

    fn contract(&mut self) -> Option<Contract> {
        let id = self.number("contract_id", 1, i32::MAX.unsigned_abs())?;
        Some(Contract { id: ContractId(id), name: self.name("contract") })
    }

    /// A mapping requires a contract (S-43) and an account.
    fn mapping(&mut self) -> Option<(AccountId, String, Contract)> {
        let account = self.number("account_id", 1, i32::MAX.unsigned_abs());
        let contract = self.contract();
        for (column, other) in [("account_id", "contract_id"), ("contract_id", "account_id")] {
            if self.cell(column).is_none() && self.cell(other).is_some() {
                self.wrong(column, Wrong::Missing);
            }
        }
        Some((AccountId(account?), self.name("account"), contract?))
    }

    fn billing(&mut self) -> Option<ProductBilling> {
        let note = Some(self.name("note")).filter(|note| !note.trim().is_empty());
        let rule = match self.cell("billing").as_deref() {
            word @ (None | Some("as_counted")) => {
                let instead = word.is_none().then_some("billing");
                self.without_effect(&["minimum", "included_free", "note"], instead);
                return None;
            }
            Some("not_billed") => {
                self.without_effect(&["minimum", "included_free"], None);
                if note.is_none() {
                    self.wrong("note", Wrong::Missing);
                }
                BillingRule::NotBilled
            }
            Some("billed") => {
                let mut figure = |column| self.number(column, 0, MAX_UNITS).unwrap_or(0).unsigned_abs();
                let (minimum, included_free) = (figure("minimum"), figure("included_free"));
                if minimum == 0 && included_free == 0 && self.bad.is_empty() {
                    self.without_effect(&["billing", "note"], Some("minimum"));
                }
                BillingRule::Billed { minimum, included_free }
            }
            Some(_) => {
                self.wrong("billing", Wrong::NotOneOf(RULES));
                return None;
            }
        };
        // Billed as counted is stored as no rule.
        (rule != BillingRule::default()).then_some(ProductBilling { rule, note })
    }
}
