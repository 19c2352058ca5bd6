"""The nouns of the suite: objective, problem, meter, trial, study, record, store, registry, options and seeds."""
