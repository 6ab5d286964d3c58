//! From the results of targets to the outcomes of companies.

use std::collections::BTreeMap;

use domain::{
    Addend, Brake, CompanyId, CompanyOutcome, CompanyState, ErrorCode, Evidence, Outcome, PairId,
    ProductOutcome, Remark, aggregate, seen_equal,
};
use jiff::{Timestamp, civil::Date};
use messages::job_content::{Contract, Target};

/// The result of a target, including one that was not reached.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TargetResult {
    pub(crate) outcome: Outcome,
    /// Units that Kaseya showed before.
    pub(crate) from: Option<f64>,
    /// Units wanted.
    pub(crate) to: Option<u32>,
    pub(crate) effective_date: Option<Date>,
    /// The brake that holds it.
    pub(crate) brake: Option<Brake>,
    /// Information for people in addition to the code.
    pub(crate) remarks: Vec<Remark>,
    pub(crate) kaseya_says: Option<String>,
    pub(crate) deferred_until: Option<Timestamp>,
    /// Links it to the other half of a plan switch.
    pub(crate) pair: Option<PairId>,
    /// Evidence for what is reported about the line; `None` if it was not read.
    pub(crate) evidence: Option<Evidence>,
}

impl TargetResult {
    /// A result with nothing but its state.
    pub(crate) fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            from: None,
            to: None,
            effective_date: None,
            brake: None,
            remarks: Vec::new(),
            kaseya_says: None,
            deferred_until: None,
            pair: None,
            evidence: None,
        }
    }

    pub(crate) fn not_sent(code: ErrorCode, remark: Option<Remark>) -> Self {
        Self { remarks: Vec::from_iter(remark), ..Self::of(Outcome::with(CompanyState::NotSent, code)) }
    }

    /// Continues by itself at `until`.
    pub(crate) fn deferred(code: ErrorCode, until: Timestamp) -> Self {
        Self { deferred_until: Some(until), ..Self::of(Outcome::with(CompanyState::Deferred, code)) }
    }
}

/// The results of a company's products on one contract.
#[derive(Default)]
struct Company {
    products: Vec<ProductOutcome>,
    outcomes: Vec<Outcome>,
    remarks: Vec<Remark>,
    kaseya_says: Vec<String>,
    deferred_until: Option<Timestamp>,
    evidence: Vec<Evidence>,
}

impl Company {
    fn add(&mut self, product: ProductOutcome, result: &TargetResult) {
        self.products.push(product);
        self.outcomes.push(result.outcome);
        self.remarks.extend(result.remarks.clone());
        self.kaseya_says.extend(result.kaseya_says.clone());
        self.deferred_until = self.deferred_until.max(result.deferred_until);
        self.evidence.extend(result.evidence);
    }
}

/// The outcome of each company of a contract, from the results of its targets, in their order.
pub(crate) fn company_outcomes(contract: &Contract, results: &[TargetResult]) -> Vec<CompanyOutcome> {
    let mut companies: BTreeMap<&CompanyId, Company> = BTreeMap::new();
    for (target, result) in contract.targets.iter().zip(results) {
        for addend in &target.addends {
            let company = companies.entry(&addend.company).or_default();
            company.add(product(target, addend, result), result);
        }
        // The result for a line that companies left behind is reported for each of them, without a count: none has
        // users on it.
        for (company, product) in target.left_by() {
            let product = ProductOutcome { product: product.to_string(), ..target_outcome(target, result) };
            companies.entry(company).or_default().add(product, result);
        }
    }
    for note in &contract.notes {
        let outcome = Outcome::with(CompanyState::NotMapped, note.code);
        let company = companies.entry(&note.company).or_default();
        company.outcomes.push(outcome);
        company.products.push(ProductOutcome {
            product: note.product.to_string(),
            state: outcome.state.as_str().to_owned(),
            code: Some(note.code.as_str().to_owned()),
            users: note.users,
            ..ProductOutcome::default()
        });
    }
    for unbilled in &contract.unbilled {
        let outcome = Outcome::of(CompanyState::NotBilled);
        let company = companies.entry(&unbilled.company).or_default();
        company.outcomes.push(outcome);
        company.products.push(ProductOutcome {
            product: unbilled.product.to_string(),
            state: outcome.state.as_str().to_owned(),
            users: unbilled.users,
            count_day: unbilled.count_day,
            note: Some(unbilled.note.clone()),
            ..ProductOutcome::default()
        });
    }
    companies
        .into_iter()
        .filter_map(|(id, mut company)| {
            let outcome = aggregate(&company.outcomes)?;
            // A remark about several targets is reported once.
            company.remarks.dedup();
            company.kaseya_says.dedup();
            Some(CompanyOutcome {
                company: id.clone(),
                contract: Some(contract.id),
                account: Some(contract.account),
                state: outcome.state,
                code: outcome.code,
                remarks: company.remarks,
                kaseya_says: (!company.kaseya_says.is_empty()).then(|| company.kaseya_says.join(" ")),
                seen_equal: seen_equal(&company.outcomes),
                deferred_until: company.deferred_until,
                evidence: Evidence::weakest(company.evidence),
                products: company.products,
            })
        })
        .collect()
}

fn product(target: &Target, addend: &Addend, result: &TargetResult) -> ProductOutcome {
    ProductOutcome {
        product: addend.product.to_string(),
        users: addend.count.map(|count| count.users),
        billed: addend.billed,
        count_day: addend.count.map(|count| count.day),
        ..target_outcome(target, result)
    }
}

/// The result of a target, without a product.
fn target_outcome(target: &Target, result: &TargetResult) -> ProductOutcome {
    ProductOutcome {
        service: Some(target.service.0),
        state: result.outcome.state.as_str().to_owned(),
        code: result.outcome.code.map(|code| code.as_str().to_owned()),
        from: result.from,
        to: result.to,
        effective: result.effective_date,
        brake: result.brake.map(|brake| brake.as_str().to_owned()),
        pair: result.pair,
        ..ProductOutcome::default()
    }
}
