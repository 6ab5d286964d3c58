//! The mapping file's page: what is uploaded is shown, and applied only as it was shown.

use http::{Method, StatusCode, header};

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
    assert!(shown.text.contains("Rows to mend (1)") && shown.text.contains("<code>contract_id</code>"));
    assert!(!shown.text.contains("name=\"mark\""), "{}", shown.text);
    let none = editor.post(&[("file", "a,b")]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.text.contains("names no column row"), "{}", none.text);
    let forged = Editor { csrf: world.csrf_of_another(), cookie: editor.cookie.clone(), world: &world };
    assert_eq!(forged.post(&[("file", HEAD)]).await.status, StatusCode::BAD_REQUEST);
}
