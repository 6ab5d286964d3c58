//! Lines over V1: the guesses that matter most.

use domain::{AnswerFault, ContractId};
use egress::Body;
use serde_json::Value;

use super::{Findings, Seen, shape};
use crate::{
    BmsError, Session,
    calls::Api,
    fields::{self, Object},
};

const LINE_FIELDS: [&str; 6] = ["Id", "ServiceId", "Units", "UnitPrice", "UnitCost", "EffectiveDate"];
/// How many contracts are looked into.
const CONTRACTS: usize = 3;

impl Session {
    pub(super) async fn probe_lines(
        &self,
        findings: &mut Findings,
        contracts: &Seen,
    ) -> Result<(), BmsError> {
        match self.log_in_anew(Api::V1).await {
            Ok(()) => findings.judge("v1-token", true, "accepted, with a token"),
            Err(
                error @ (BmsError::LoginRefused { .. }
                | BmsError::NotKaseya { .. }
                | BmsError::Garbled { .. }),
            ) => {
                findings.judge("v1-token", false, error.to_string());
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        let seen = self.look_without_token(&self.harmless_call(Api::V1)).await?;
        findings.judge("v1-no-token", seen.status == 401, seen.shape());
        let seen = self.look(&self.harmless_call(Api::V1), Body::None).await?;
        findings.judge(
            "v1-unknown-contract",
            seen.status == 404 && seen.field("Status").is_some(),
            seen.shape(),
        );

        let mut rows = contracts.rows();
        rows.sort_by_key(|row| fields::text(row, "contractType") != Some("Recurring Services"));
        for contract in rows.into_iter().take(CONTRACTS) {
            self.probe_contract(findings, contract).await?;
        }
        Ok(())
    }

    async fn probe_contract(&self, findings: &mut Findings, contract: &Object) -> Result<(), BmsError> {
        let Ok(id) = fields::id(contract, "id", AnswerFault::RowWithoutId) else { return Ok(()) };
        let seen = self.look(&self.lines_call(ContractId(id), 0, 0), Body::None).await?;
        findings.judge("v1-lines-route", seen.is_list(), seen.shape());
        if !seen.is_list() {
            return Ok(());
        }
        let ok = |name: &str, word: &str| seen.field(name).and_then(Value::as_str) == Some(word);
        findings.judge("v1-envelope", ok("Status", "OK") && ok("Error", "None"), seen.shape());
        let lines = seen.rows();
        match seen.total() {
            Some(total) => {
                let evidence = format!("{} lines of {total}", lines.len());
                findings.judge("v1-lines-whole", total == lines.len() as u64, evidence);
            }
            None => findings.untold("v1-lines-whole", "no total is told"),
        }
        let named = |line: &&&Object| fields::get(line, "ContractId").is_some();
        let others =
            lines.iter().filter(|line| fields::names_no_other(line, "ContractId", id).is_err()).count();
        let evidence = format!(
            "of {} lines {} show a contract and {others} another than this",
            lines.len(),
            lines.iter().filter(named).count()
        );
        if !lines.is_empty() {
            findings.judge("v1-lines-alone", others == 0 && lines.iter().all(|line| named(&line)), evidence);
        }
        if let [first, second, ..] = lines[..] {
            let mut call = self.lines_call(ContractId(id), 1, 1);
            call.query.retain(|(name, _)| *name == "$filter");
            call.query.extend([("$top", "1".to_owned()), ("$skip", "1".to_owned())]);
            let one = self.look(&call, Body::None).await?;
            let (shown, pair) = (shape::ids(&one.rows()), shape::ids(&[first, second]));
            let evidence = format!("{} line where the second alone was asked for", shown.len());
            findings.judge("v1-lines-paging", shown.len() == 1 && pair.last() == shown.first(), evidence);
        }
        if lines.is_empty() {
            findings.untold("v1-line-fields", "a contract without lines");
            return Ok(());
        }
        let lacking = shape::missing(&lines, &LINE_FIELDS);
        let evidence = format!("{} lines lack {lacking:?}: {}", lines.len(), shape::types(&lines));
        findings.judge("v1-line-fields", lacking.is_empty(), evidence.clone());
        let number = |line: &Object, name| fields::get(line, name).and_then(Value::as_f64);
        findings.judge("v1-units", lines.iter().all(|line| number(line, "Units").is_some()), evidence);
        let dates = || lines.iter().filter_map(|line| fields::text(line, "EffectiveDate"));
        let forms: std::collections::BTreeSet<String> = dates().map(shape::form).collect();
        findings.judge("v1-line-dates", dates().all(shape::is_midnight), format!("EffectiveDate: {forms:?}"));

        let sum: Option<f64> =
            lines.iter().map(|line| Some(number(line, "Units")? * number(line, "UnitPrice")?)).sum();
        match (sum, number(contract, "contractBillingPrice")) {
            // A contract that costs nothing tells nothing.
            (Some(sum), Some(total)) if total != 0.0 || sum != 0.0 => {
                let equal = f64::abs(sum - total) < 0.01;
                let evidence = format!("{} lines come to the contract's total: {equal}", lines.len());
                findings.judge("summary-total", equal, evidence);
            }
            _ => findings.untold("summary-total", "no contract with a price"),
        }
        Ok(())
    }
}
