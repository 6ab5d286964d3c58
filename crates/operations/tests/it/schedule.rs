//! The schedule: its mistakes, its edits, and its preview before it is saved.

use jiff::Timestamp;
use operations::{
    not_saved::{Field, NotSaved},
    schedule::{ScheduleForm, preview},
};

use crate::world::{NOW, World};

fn daily(hour: i64) -> ScheduleForm {
    ScheduleForm { weekly: false, weekday: None, hour: Some(hour), zone: "Europe/Rome".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn s_19_a_schedule_is_refused_before_the_first_save_and_its_mistakes_are_named() {
    let world = World::new().await;
    let refused = world.acting().save_schedule(&world.partner, &daily(2)).await;
    assert!(matches!(refused, Err(NotSaved::NotConnected)), "{refused:?}");
    let wrong = ScheduleForm { weekly: true, weekday: None, hour: Some(24), zone: "Europe/Roma".to_owned() };
    let Err(NotSaved::Mistakes(mistakes)) = world.acting().save_schedule(&world.partner, &wrong).await else {
        panic!("it has mistakes");
    };
    let fields: Vec<Field> = mistakes.iter().map(|mistake| mistake.field).collect();
    assert_eq!(fields, [Field::Weekday, Field::Hour, Field::Zone]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s_26_a_schedule_is_due_as_its_preview_says() {
    let world = World::connected().await;
    let (operations, form) = (world.acting(), daily(2));
    let now: Timestamp = NOW.parse().expect("an instant");
    let schedule = form.check().expect("it is right");
    let preview = preview(&world.settings().await, &schedule, operations.spread, now);
    let next = operations.save_schedule(&world.partner, &form).await.expect("it is right");
    assert_eq!((preview.due.len(), preview.due[0]), (3, next));
    let invoice = preview.invoice.expect("a connection");
    assert!(!invoice.is_missed() && invoice.month.to_string() == "2026-11");
    assert_eq!(operations.save_schedule(&world.partner, &form).await.expect("it is right"), next);
    let version = world.settings().await.schedule.expect("a schedule").version;
    operations.save_schedule(&world.partner, &daily(3)).await.expect("it is right");
    assert_eq!(world.settings().await.schedule.expect("a schedule").version, version + 1);
}
