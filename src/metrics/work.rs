//! Plans, calls and attempts, the queues they wait in, and the providers they go to.

use super::metric::Metric;

const ISOLATES: &str = "Where isolates come and go.";
const LEAVE: &str = "Where users leave before their plan is done.";
const RETRIAL: &str = "Where users come back after an overload answer.";

pub(super) const METRICS: &[Metric] = &[
    // Plans
    Metric::amount("plans.offered", "plans", "Plans that came in the recorded time."),
    Metric::amount("plans.offered_per_day", "plans/day", "Plans that came in the recorded time, a day."),
    Metric::amount("plans.completed", "plans", "Of those that came in the recorded time: all their calls ended well.")
        .more(),
    Metric::amount(
        "plans.call_failed",
        "plans",
        "Plans that ended because a call of theirs failed. Plans that crashed or met an overload are not among \
         them; plans.failed_fraction counts those too.",
    )
    .less(),
    Metric::amount(
        "plans.overloaded",
        "plans",
        "Plans that ended because a queue, a limiter or the account refused a call.",
    )
    .less(),
    Metric::amount(
        "plans.abandoned",
        "plans",
        "Plans that ended because a call of theirs ran out of patience while it waited.",
    )
    .less(),
    Metric::amount("plans.crashed", "plans", "Plans that a log write, or a limit of the platform, ended.").less(),
    Metric::amount("plans.lost", "plans", "Plans that were lost with their isolate.").less().exists(ISOLATES),
    Metric::amount("plans.left", "plans", "Plans whose user left before they were done.").exists(LEAVE),
    Metric::amount("plans.left_completed", "plans", "Plans that were completed after their user had left.")
        .exists(LEAVE),
    Metric::amount("plans.in_flight", "plans", "Plans that came in the recorded time and were not over at its end."),
    Metric::amount(
        "plans.per_day",
        "plans/day",
        "Plans completed in the recorded time, a day, whenever they came: the throughput.",
    )
    .more(),
    Metric::share(
        "plans.failed_fraction",
        "Of the plans that came in the recorded time and ended: the share that was not completed, for whatever \
         reason.",
    )
    .less(),
    Metric::share(
        "plans.overloaded_fraction",
        "Of the plans that came in the recorded time and ended: the share that met an overload.",
    )
    .less(),
    Metric::amount("plans.ended_by.CAUSE", "plans", "Plans that were not completed, by their one cause."),
    Metric::amount(
        "plans.returned",
        "plans",
        "Plans of users who had met an overload and came back: among plans.offered.",
    )
    .exists(RETRIAL),
    Metric::amount("plans.gave_up", "plans", "Users who met an overload and did not come back.").exists(RETRIAL),
    Metric::amount("plans.tries_per_user", "plans", "Plans offered for each user.").exists(RETRIAL),
    Metric::amount("plan.latency.mean", "s", "From the arrival of a plan until it is completed; of completed plans.")
        .less(),
    Metric::amount(
        "plan.latency.QUANTILE",
        "s",
        "So many per cent of completed plans took no longer, from arrival to completion; exact to 0.2 %.",
    )
    .less(),
    Metric::amount("plan.latency.max", "s", "The longest time from arrival to completion.").less(),
    // Calls
    Metric::amount("calls.made", "calls", "Calls that began, whether they were let in or not."),
    Metric::amount("calls.succeeded", "calls", "Calls that were answered.").more(),
    Metric::amount("calls.failed", "calls", "Calls whose last attempt failed.").less(),
    Metric::amount(
        "calls.refused",
        "calls",
        "Calls that a queue, a limiter or the platform refused before their first attempt.",
    )
    .less(),
    Metric::amount("calls.abandoned", "calls", "Calls that ran out of patience while they waited.").less(),
    Metric::amount("calls.crashed", "calls", "Calls that a log write ended.").less(),
    Metric::amount("calls.cancelled", "calls", "Calls that ended as their user left, or their plan ended.")
        .exists(LEAVE),
    Metric::amount("calls.in_flight", "calls", "Calls that were not over at the end."),
    Metric::amount("calls.ended_by.CAUSE", "calls", "Calls that did not succeed, by their one cause."),
    // Attempts
    Metric::amount("attempts.made", "attempts", "Attempts that were sent."),
    Metric::amount(
        "attempts.kept_back",
        "attempts",
        "Attempts that were not sent: a breaker, a budget or a limit of the invocation kept them back.",
    )
    .less(),
    Metric::amount("attempts.succeeded", "attempts", "Attempts that were answered."),
    Metric::amount("attempts.timed_out", "attempts", "Attempts that reached their time limit.").less(),
    Metric::amount("attempts.errored", "attempts", "Attempts that failed otherwise.").less(),
    Metric::amount("attempts.rate_limited", "attempts", "Attempts that the provider answered with 429.").less(),
    Metric::amount("attempts.lost", "attempts", "Attempts that were lost with their isolate.").less().exists(ISOLATES),
    Metric::amount("attempts.in_flight", "attempts", "Attempts that were not over at the end."),
    Metric::amount("attempts.retried", "attempts", "Failed attempts that another one followed.").less(),
    Metric::amount(
        "attempts.subrequest_limited",
        "attempts",
        "Attempts that the limit of external subrequests kept back.",
    ),
    Metric::amount(
        "attempts.per_success",
        "attempts",
        "Attempts made for each that succeeded: the amplification by retries.",
    )
    .less(),
    Metric::amount("attempts.ended_by.CAUSE", "attempts", "Attempts that did not succeed, by their one cause."),
    // Queues
    Metric::amount(
        "queue.Q.wait.mean",
        "s",
        "From a call's arrival at the queue until it has a slot; of calls that got one.",
    )
    .less(),
    Metric::amount(
        "queue.Q.wait.QUANTILE",
        "s",
        "So many per cent of the calls that got a slot waited no longer for it.",
    )
    .less(),
    Metric::amount("queue.Q.wait.max", "s", "The longest time from arrival to completion.").less(),
    Metric::amount("queue.Q.offered", "calls", "Calls that came to the queue."),
    Metric::amount("queue.Q.admitted", "calls", "Calls that got a slot."),
    Metric::amount("queue.Q.dropped", "calls", "Calls that were refused because all slots and places were taken.")
        .less(),
    Metric::amount("queue.Q.abandoned", "calls", "Calls that ran out of patience while they waited.").less(),
    Metric::amount("queue.Q.cancelled", "calls", "Calls whose user left while they waited.").exists(LEAVE),
    Metric::amount("queue.Q.lost", "calls", "Calls that waited as their isolate was lost.").less().exists(ISOLATES),
    Metric::share("queue.Q.drop_fraction", "Of the calls offered: the share that was dropped.").less(),
    Metric::share("queue.Q.abandon_fraction", "Of the calls offered: the share that was abandoned.").less(),
    Metric::amount("queue.Q.active.mean", "calls", "Slots taken, over time, in all isolates together."),
    Metric::amount("queue.Q.queued.mean", "calls", "Calls that wait, over time, in all isolates together."),
    Metric::amount("queue.Q.queued.max", "calls", "The most calls that waited at once in one isolate."),
    Metric::amount("queue.Q.limit.mean", "slots", "The adaptive limit, over time, in all isolates together.")
        .exists("Where the queue has [queue.Q.adaptive]."),
    Metric::share("queue.Q.utilisation", "The share of slots that was taken, over time."),
    // Providers and the policies around them
    Metric::share(
        "breaker.P.open_fraction",
        "The share of time, over all isolates, in which the breaker was not closed.",
    )
    .exists("Where the provider has a breaker."),
    Metric::amount("breaker.P.trips", "trips", "How often the breaker opened.")
        .exists("Where the provider has a breaker."),
    Metric::amount("breaker.P.refused", "attempts", "Attempts that the breaker kept back.")
        .exists("Where the provider has a breaker."),
    Metric::amount("provider.P.attempts.sent", "attempts", "Attempts that reached the provider.").exists(SERVER),
    Metric::amount(
        "provider.P.attempts.refused",
        "attempts",
        "Attempts that the provider refused by a limit of its own.",
    )
    .exists(SERVER),
    Metric::amount("provider.P.attempts.useful", "attempts", "Attempts whose answer was used.").exists(SERVER),
    Metric::amount("provider.P.attempts.counted", "attempts", "Attempts that counted against the provider's limits.")
        .exists(SERVER),
    Metric::amount("provider.P.attempts.billed", "attempts", "Attempts that are billed.").exists(SERVER),
    Metric::amount(
        "provider.P.attempts.abandoned",
        "attempts",
        "Attempts that the provider worked on after its client had given up.",
    )
    .exists(SERVER)
    .less(),
    Metric::amount("provider.P.attempts.busiest_minute", "attempts", "The most attempts in one minute.").exists(SERVER),
    Metric::amount("provider.P.attempts.slowed_down", "attempts", "Attempts refused because the rate grew too fast.")
        .exists("Where the provider limits how fast its load may grow."),
    Metric::amount(
        "provider.P.attempts.refused_by.CAUSE",
        "attempts",
        "Attempts that the provider refused, by the limit that did.",
    )
    .exists(SERVER),
    Metric::amount(
        "provider.P.attempts.refused_at.HOUR",
        "attempts",
        "Attempts that the provider refused, by the hour of the day in the model's time zone.",
    )
    .exists("Where the provider has a limit."),
    Metric::amount("provider.P.in_flight.mean", "attempts", "Attempts at the provider, over time.").exists(SERVER),
    Metric::amount("provider.P.in_flight.max", "attempts", "The most attempts at the provider at once.").exists(SERVER),
    Metric::amount(
        "provider.P.in_flight.abandoned",
        "attempts",
        "Attempts at the provider whose client has given up, over time.",
    )
    .exists(SERVER)
    .less(),
    Metric::amount(
        "provider.P.first_token.QUANTILE",
        "s",
        "So many per cent of the answered attempts had their first token no longer after they were sent.",
    )
    .less()
    .exists("Where the provider has `first_token`."),
    Metric::amount("provider.P.first_token.max", "s", "The same: the longest of a replication.")
        .less()
        .exists("Where the provider has `first_token`."),
    Metric::amount(
        "provider.P.cooled_down",
        "times",
        "How often the provider was not asked for a while, in all isolates.",
    )
    .less()
    .exists("Where a step has it among several, with `cool_down`."),
    Metric::amount("provider.P.fell_back", "calls", "Calls that went on to the provider of the fallback.")
        .exists("Where a step of this provider has a fallback."),
    Metric::amount("provider.P.tokens.DIRECTION", "tokens", "Tokens that were billed.")
        .exists("Where the provider's tokens have a price."),
    Metric::amount("hedge.P.sent", "attempts", "Second attempts that were sent while the first was under way.")
        .exists("Where the provider has a hedge."),
    Metric::amount("hedge.P.won", "attempts", "Second attempts that answered before the first.")
        .exists("Where the provider has a hedge."),
    Metric::amount("retry.P.LAYER.tries", "attempts", "Attempts that this layer of retries made of those above it.")
        .exists("Where retries have inner layers."),
    Metric::amount(
        "retry.P.LAYER.per_success",
        "attempts",
        "Attempts that this layer of retries made for each useful one.",
    )
    .less()
    .exists("Where retries have inner layers."),
    Metric::amount(
        "retry.P.over_budget",
        "calls",
        "Calls that were not retried because the budget of retries was used up.",
    )
    .exists("Where retries have a budget."),
    Metric::amount("retry.P.past_deadline", "calls", "Calls that reached their deadline.")
        .exists("Where retries have a deadline."),
    // Run
    Metric::amount("run.events", "events", "Events of a replication: what it cost to simulate."),
];

const SERVER: &str = "Where the provider has limits, or a side of its own.";
