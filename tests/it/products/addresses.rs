//! What a product has as an e-mail address need not be one.

use usher::{domain::EmailAddress, sandbox::Account};

use super::{ALL, Bench, JANE, id_of, quirks::Quirks};

const WRITTEN: [&str; 4] =
    ["jane@acme.example;", "Jane <jane@acme.example>", "a@acme.example,b@partner.example", "jane@acme..example"];

#[tokio::test]
async fn a_text_that_is_not_exactly_one_address_has_no_domain_where_the_user_is_read_or_listed() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        for text in WRITTEN {
            bench.sandbox.put_user(product, Account::new(JANE, "jane doe+x").email(text));
            let read = bench.jane().await.email;
            assert_eq!(read.is_some(), Quirks::of(product).tells_email, "{product}");
            let listed = bench.client.users(None).await.expect("a list").users;
            let listed =
                listed.into_iter().find(|(id, _)| *id == id_of(product, JANE)).and_then(|(_, hints)| hints.email);
            for email in read.iter().chain(&listed) {
                assert_eq!((email.as_str(), email.domain()), (text, None), "{product}");
            }
        }
        bench.sandbox.put_user(product, Account::new(JANE, "jane doe+x").email("jane@BÜCHER.example."));
        let domain = bench.jane().await.email.as_ref().and_then(EmailAddress::domain).map(ToString::to_string);
        assert_eq!(domain.is_some_and(|domain| domain == "xn--bcher-kva.example"), Quirks::of(product).tells_email);
    }
}
