//! The version before and this one on one log. `tests/log-of-before` has the schema of the version before: a rollout runs both.

mod schema;

use self::schema::Schema;

#[test]
fn fields_are_only_ever_added() {
    assert_eq!(schema::broken(&Schema::of_before(), &Schema::of_now()), Vec::<String>::new());
}
