//! Simulated month ends: the charges for the units and their history.

use jiff::{
    ToSpan,
    civil::{Date, date},
};
use kaseya_simulator::{Billing, ChargeKind, Invoice, State};
use proptest::prelude::*;

use crate::http::{noon, simulator, small};

fn write(state: &mut State, units: u32, effective_date: Date) {
    let mut line = state.lines(5012).unwrap()[0].clone();
    line.units = f64::from(units);
    line.effective_date = effective_date;
    state.write_line(5012, line, noon(), "me").unwrap();
}

/// Month, kind and quantity of the first line's charges.
fn charges(invoices: &[Invoice]) -> Vec<(i8, ChargeKind, f64)> {
    let lines = invoices.iter().flat_map(|invoice| &invoice.lines).filter(|line| line.line == 90021);
    lines.map(|line| (line.period.month(), line.kind, line.quantity)).collect()
}

#[test]
fn without_history_an_invoice_is_units_times_price_and_is_made_once() {
    let mut state = small();
    let made = state.invoice(date(2026, 3, 15), noon());
    assert_eq!((made.len(), made[0].from, made[0].until), (1, date(2026, 3, 1), date(2026, 4, 1)));
    let lines: Vec<(f64, f64)> = made[0].lines.iter().map(|line| (line.quantity, line.amount)).collect();
    assert_eq!(lines, [(12.0, 42.0), (3.0, 15.0)]);
    assert_eq!(state.invoice(date(2026, 3, 31), noon()), []);
    assert_eq!(state.invoices, made);
}

#[test]
fn a_change_after_invoicing_is_an_extra_line_next_time() {
    let mut state = small();
    state.invoice(date(2026, 1, 1), noon());
    write(&mut state, 14, date(2026, 1, 1));
    let made = state.invoice(date(2026, 2, 1), noon());
    assert_eq!(charges(&made), [(2, ChargeKind::Recurring, 14.0), (1, ChargeKind::Correction, 2.0)]);
    assert_eq!(charges(&state.invoice(date(2026, 3, 1), noon())), [(3, ChargeKind::Recurring, 14.0)]);
}

#[test]
fn a_decrease_inside_the_period_is_a_negative_part() {
    let mut state = small();
    write(&mut state, 5, date(2026, 4, 16));
    let made = state.invoice(date(2026, 4, 1), noon());
    let expected = [(4, ChargeKind::Recurring, 12.0), (4, ChargeKind::Proration, -7.0 * 15.0 / 30.0)];
    assert_eq!(charges(&made), expected);
}

#[test]
fn no_invoice_is_made_of_negative_lines_alone_and_they_come_with_the_next() {
    let mut state = small();
    state.line_mut(5012, 90022).unwrap().units = 0.0;
    state.invoice(date(2026, 1, 1), noon());
    write(&mut state, 0, date(2026, 1, 1));
    assert_eq!(state.invoice(date(2026, 2, 1), noon()), []);
    write(&mut state, 20, date(2026, 3, 1));
    let made = state.invoice(date(2026, 3, 1), noon());
    assert_eq!(charges(&made), [(3, ChargeKind::Recurring, 20.0), (1, ChargeKind::Correction, -12.0)]);
}

#[test]
fn in_advance_and_by_quarter_other_periods_are_billed() {
    let mut state = small();
    state.contracts[0].billing = Billing::Advance;
    let made = state.invoice(date(2026, 3, 1), noon());
    assert_eq!((made[0].from, made[0].until), (date(2026, 4, 1), date(2026, 5, 1)));

    let mut state = small();
    state.contracts[0].billing_cycle = "Quarterly".to_owned();
    assert_eq!(state.invoice(date(2026, 2, 1), noon()), []);
    let made = state.invoice(date(2026, 3, 1), noon());
    assert_eq!((made[0].from, made[0].until), (date(2026, 1, 1), date(2026, 4, 1)));
}

#[test]
fn an_edit_by_hand_is_invoiced_from_the_line_s_effective_date_on() {
    let mut state = small();
    write(&mut state, 14, date(2026, 2, 1));
    state.line_mut(5012, 90021).unwrap().units = 16.0;
    assert_eq!(charges(&state.invoice(date(2026, 2, 1), noon())), [(2, ChargeKind::Recurring, 16.0)]);
}

#[tokio::test]
async fn a_running_simulator_invoices_its_month_end() {
    let kaseya = simulator(small()).await;
    let made = kaseya.invoice(date(2026, 3, 1)).unwrap();
    assert_eq!((made.len(), made[0].made), (1, noon()));
    assert_eq!(kaseya.state().invoices, made);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Writes at any time with any effective date of the year, and months that are posted some days before they are
    /// invoiced; a final month end settles everything.
    #[test]
    fn over_a_year_all_charges_are_the_units_of_each_day(
        writes in prop::collection::vec((0_i64..365, 0_i64..365, 0_u32..40), 0..20),
        posted in prop::collection::btree_set(0_i64..365, 0..12),
        invoice_day in 1_i8..28,
    ) {
        let mut state = small();
        let first = date(2026, 1, 1);
        // Never 0, so that every month has an invoice to carry corrections.
        state.contracts[0].lines[1].units = 1.0;
        let mut writes = writes;
        writes.sort();
        let mut known: Vec<f64> = vec![12.0; 365];
        for number in 0..365_i64 {
            let today = first.saturating_add(number.days());
            let month = today.first_of_month().saturating_sub(1.day());
            if posted.contains(&number) && month >= first {
                state.post(month);
            }
            if today.day() == invoice_day && month >= first {
                state.invoice(month, noon());
            }
            for (_, effective, units) in writes.iter().filter(|(at, ..)| *at == number) {
                write(&mut state, *units, first.saturating_add(effective.days()));
                known[*effective as usize..].fill(f64::from(*units));
            }
        }
        state.invoice(date(2026, 12, 31), noon());
        for month in 1..=12_i8 {
            let days: Vec<f64> = (0..365_usize)
                .filter(|number| first.saturating_add((*number as i64).days()).month() == month)
                .map(|number| known[number])
                .collect();
            let due = days.iter().sum::<f64>() / days.len() as f64;
            let charged: f64 =
                charges(&state.invoices).iter().filter(|charge| charge.0 == month).map(|charge| charge.2).sum();
            prop_assert!((due - charged).abs() < 1e-6, "month {}: {} charged, {} due", month, charged, due);
        }
    }
}
