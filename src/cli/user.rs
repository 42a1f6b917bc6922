//! `innogauge user`: adding and changing users, keeping them out, new passwords.

use chrono::Utc;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand};

use super::output::say;
use super::token::refuse_unknown;
use super::{DatabaseOptions, Failure, database};
use crate::response::Role;
use crate::store::{NewUser, Store, UserChange, hash_password, random_password};

#[derive(Debug, Args)]
pub struct User {
    #[command(subcommand)]
    act: Act,
    #[command(flatten)]
    database: DatabaseOptions,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Add a user and print a generated password, once
    Add {
        /// The name to sign in with
        name: String,
        /// What the user may do
        #[arg(long, value_parser = PossibleValuesParser::new(Role::ALL.map(Role::name)).try_map(known_role))]
        role: Role,
        /// Only for these cities; without it, for all
        #[arg(long, num_args = 1.., value_name = "CODE")]
        city: Vec<String>,
    },
    /// List all users
    List,
    /// Keep a user out, with all their tokens
    Disable {
        /// The user
        name: String,
    },
    /// Let a disabled user in again; their old tokens stay revoked
    Enable {
        /// The user
        name: String,
    },
    /// Change what a user may do; it holds for the sessions and tokens that they have
    Change {
        /// The user
        name: String,
        /// What the user may do
        #[arg(long, value_parser = PossibleValuesParser::new(Role::ALL.map(Role::name)).try_map(known_role))]
        role: Option<Role>,
        /// Only for these cities
        #[arg(long, num_args = 1.., value_name = "CODE", conflicts_with = "all_cities")]
        city: Vec<String>,
        /// For all cities
        #[arg(long)]
        all_cities: bool,
        /// Whether the user must have a second factor
        #[arg(long, value_name = "BOOL")]
        require_second_factor: Option<bool>,
    },
    /// Remove a user's second factor, where the phone and the recovery codes are lost; their sessions end
    ResetSecondFactor {
        /// The user
        name: String,
    },
    /// Replace a user's password by a generated one and print it, once
    Password {
        /// The user
        name: String,
    },
}

fn known_role(name: String) -> Result<Role, String> {
    Role::from_name(&name).ok_or(name)
}

pub fn run(arguments: &User) -> Result<(), Failure> {
    let store = database::open(&arguments.database)?;
    match &arguments.act {
        Act::Add { name, role, city } => {
            expect_cities(&store, city)?;
            let password = random_password()?;
            let user = NewUser {
                name: name.clone(),
                password_hash: hash_password(&password)?,
                role: *role,
                cities: (!city.is_empty()).then(|| city.clone()),
                must_change_password: true,
            };
            store.add_user(&user, Utc::now())?;
            print_password(name, &password);
        }
        Act::List => {
            for user in store.users()? {
                let cities = user
                    .cities
                    .map_or_else(|| "all cities".to_owned(), |cities| cities.join(" "));
                let disabled = if user.disabled { "\tdisabled" } else { "" };
                say!("{}\t{}\t{cities}{disabled}", user.name, user.role.name());
            }
        }
        Act::Disable { name } => store.set_user_disabled(name, true, Utc::now())?,
        Act::Enable { name } => store.set_user_disabled(name, false, Utc::now())?,
        Act::Change {
            name,
            role,
            city,
            all_cities,
            require_second_factor,
        } => {
            expect_cities(&store, city)?;
            let cities = match (all_cities, city.is_empty()) {
                (true, _) => Some(None),
                (false, true) => None,
                (false, false) => Some(Some(city.clone())),
            };
            let change = UserChange {
                role: *role,
                cities,
                second_factor_required: *require_second_factor,
                ..UserChange::default()
            };
            store.change_user(name, &change, Utc::now())?;
        }
        Act::ResetSecondFactor { name } => {
            store.remove_second_factor(name, Utc::now())?;
            store.end_sessions(name, Utc::now())?;
        }
        Act::Password { name } => {
            let password = random_password()?;
            store.set_password(name, &hash_password(&password)?, true, Utc::now())?;
            print_password(name, &password);
        }
    }
    Ok(())
}

fn expect_cities(store: &Store, cities: &[String]) -> Result<(), Failure> {
    let places: Vec<String> = store.places()?.into_iter().map(|place| place.code).collect();
    refuse_unknown("city", cities, &places)
}

fn print_password(name: &str, password: &str) {
    say!("{password}");
    eprintln!("This password of user '{name}' is not shown again, and is to be changed at the first sign-in.");
}
