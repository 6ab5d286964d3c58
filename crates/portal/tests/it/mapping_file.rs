//! The mapping file, by page and API: previewed first, and applied only as previewed.

use http::{Method, StatusCode, header};
use serde_json::json;

use crate::world::{Answer, World};

const PAGE: &str = "/partners/msp/integrations/kaseya-bms/mapping-file";
const HEAD: &str = "row;company_id;company;product_id;product;account_id;account;contract_id;contract;service_id;service;\
                    billing;minimum;included_free;note";

struct Editor<'a> {
    world: &'a World,
    cookie: String,
    csrf: String,
}

/// The value of a hidden field of a page.
fn hidden(page: &Answer, name: &str) -> String {
    let (_, rest) = page.text.split_once(&format!("name=\"{name}\" value=\"")).expect("the field");
    rest.split('"').next().expect("its value").to_owned()
}

impl<'a> Editor<'a> {
    async fn new(world: &'a World) -> Self {
        let cookie = world.sign_in(&world.editor).await;
        let page = world.request(Method::GET, PAGE, None, &[("cookie", &cookie)], "").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let csrf = hidden(&page, "csrf");
        Self { world, cookie, csrf }
    }

    async fn get(&self, path: &str) -> Answer {
        self.world.request(Method::GET, path, None, &[("cookie", &self.cookie)], "").await
    }

    async fn post(&self, fields: &[(&str, &str)]) -> Answer {
        let mut body = String::new();
        for (name, value) in [("csrf", &*self.csrf)].iter().chain(fields) {
            body += &format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        body += "--b--\r\n";
        let headers = [("cookie", &*self.cookie), ("content-type", "multipart/form-data; boundary=b")];
        self.world.request(Method::POST, PAGE, None, &headers, &body).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b_08_a_downloaded_file_changes_nothing_and_an_edited_one_is_applied_as_shown() {
    let world = World::new().await;
    let editor = Editor::new(&world).await;
    let file = editor.get(&format!("{PAGE}.csv")).await;
    assert!(file.headers[header::CONTENT_DISPOSITION].to_str().expect("a text").contains("mappings.csv"));
    let same = editor.post(&[("file", &file.text)]).await;
    assert!(same.status == StatusCode::OK && same.text.contains("changes nothing"), "{}", same.text);

    let edited = format!("{HEAD}\ncompany;cem;Cem;;;3;Cem <SpA>;30;Managed;;;;;;");
    let shown = editor.post(&[("file", &edited)]).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.text.contains("Cem &#60;SpA&#62; (3) · Managed (30)"), "{}", shown.text);
    let (mark, carried) = (hidden(&shown, "mark"), hidden(&shown, "shown"));

    let stale = editor.post(&[("mark", "0000000000000000"), ("shown", &carried)]).await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY, "only what was shown is applied");
    let applied = editor.post(&[("mark", &mark), ("shown", &carried)]).await;
    assert_eq!(applied.status, StatusCode::SEE_OTHER, "{}", applied.text);
    let again = editor.post(&[("file", &edited)]).await;
    assert!(again.text.contains("changes nothing"), "{}", again.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn b_08_bad_rows_are_named_and_leave_nothing_to_apply() {
    let world = World::new().await;
    let editor = Editor::new(&world).await;
    let shown = editor.post(&[("file", &format!("{HEAD}\ncompany;cem;Cem;;;3;Cem;;;;;;;;"))]).await;
    assert!(shown.text.contains("Rows to fix (1)") && shown.text.contains("<code>contract_id</code>"));
    assert!(!shown.text.contains("name=\"mark\""), "{}", shown.text);
    let none = editor.post(&[("file", "a,b")]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.text.contains("names no column row"), "{}", none.text);
    let forged = Editor { csrf: world.csrf_of_another(), cookie: editor.cookie.clone(), world: &world };
    assert_eq!(forged.post(&[("file", HEAD)]).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn b_08_programs_take_the_file_out_compare_it_and_apply_it_as_it_was_shown() {
    let world = World::new().await;
    let call = async |method: Method, path: &str, file: &str| {
        let path = format!("/v1/partners/msp/mapping-file{path}");
        world.request(method, &path, Some(&world.editor), &[("content-type", "text/csv")], file).await
    };
    let file = call(Method::GET, "?separator=semicolon", "").await;
    assert_eq!(file.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    assert!(file.text.contains("\"row\";\"company_id\""), "{}", file.text);
    assert_eq!(call(Method::GET, "?separator=tab", "").await.status, StatusCode::BAD_REQUEST);
    let same = call(Method::POST, "/comparison", &file.text).await;
    assert_eq!((same.status, &same.json["differences"]), (StatusCode::OK, &json!([])), "{}", same.text);

    let edited =
        format!("{HEAD}\ncompany;cem;Cem;;;3;Cem SpA;30;Managed;;;;;;\nproduct;;;p3;New one;;;;;7;New;;;;");
    let shown = call(Method::POST, "/comparison", &edited).await;
    let differences = &shown.json["differences"];
    assert_eq!(differences[0]["to"], json!({ "service_id": 7, "name": "New" }), "{}", shown.text);
    assert_eq!((&differences[1]["about"], &differences[1]["from"]), (&json!("company"), &json!(null)));
    assert_eq!(differences[1]["to"]["contract"]["contract_id"], 30);
    let apply = async |mark: &str| call(Method::PUT, &format!("?mark={mark}"), &edited).await;
    let other = apply("0000000000000000").await;
    assert_eq!((other.status, &other.json["comparison"]), (StatusCode::CONFLICT, &shown.json));
    let applied = apply(shown.json["mark"].as_str().expect("a mark")).await;
    assert_eq!((applied.status, &applied.json["left_over"]), (StatusCode::OK, &json!([])));
    assert_eq!(world.get("/companies/cem").await.json["mapping"]["account_id"], 3);

    let bad = call(Method::POST, "/comparison", &format!("{HEAD}\ncompany;cem;Cem;;;3;Cem;;;;;;;;")).await;
    let row = &bad.json["bad_rows"][0];
    assert_eq!((&row["line"], &row["column"]), (&json!(2), &json!("contract_id")), "{}", bad.text);
    let none = call(Method::POST, "/comparison", "a,b").await;
    assert_eq!(
        (none.status, &none.json["errors"][0]["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("no_column"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a23_a_file_is_shown_with_the_ids_that_kaseya_never_showed() {
    let world = World::new().await;
    let editor = Editor::new(&world).await;
    let edited = format!("{HEAD}\ncompany;cem;Cem;;;990;Cem;991;Managed;;;;;;");
    let shown = editor.post(&[("file", &edited)]).await;
    for words in ["Not yet known to Kaseya: ", "account 990 Cem", "contract 991 Managed"] {
        assert!(shown.text.contains(words), "{words}: {}", shown.text);
    }
    let headers = [("content-type", "text/csv")];
    let compare = async |file: &str| {
        let path = "/v1/partners/msp/mapping-file/comparison";
        world.request(Method::POST, path, Some(&world.editor), &headers, file).await.json["not_yet_known"]
            .clone()
    };
    let unknown = json!({ "number": 2, "first": [
        { "kind": "contract", "id": 991, "name": "Managed" }, { "kind": "account", "id": 990, "name": "Cem" },
    ] });
    assert_eq!(compare(&edited).await, unknown);
    // Ids that Kaseya has shown are known, and the check ignores ids that the file does not introduce.
    world
        .sql(
            "insert into kaseya_names (partner_id, kind, id, name, seen_at)
             values ('msp', 'contract', 991, 'Managed', '2026-11-21Z'), ('msp', 'account', 990, 'Cem', '2026-11-21Z')",
        )
        .await;
    assert_eq!(compare(&edited).await["number"], 0);
    assert_eq!(compare(&editor.get(&format!("{PAGE}.csv")).await.text).await["number"], 0);
    assert!(!editor.post(&[("file", &edited)]).await.text.contains("Not yet known"));
}
