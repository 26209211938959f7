"""The forms of PromQL that the dashboards are made of. `$…` are the dashboards' variables and Grafana's own."""

# What the variables at the top choose: processes, and of what knows its route the routes.
SERVERS = 'job=~"$job", instance=~"$instance"'
ROUTES = SERVERS + ', http_route=~"$route"'
# For ratios of all routes, without the live page's events: they end with the tab that shows them, or with 503 for a
# viewer too many. As in the rules: put your path in its place.
OTHERS = ROUTES + ', http_route!="/weir/events"'

DURATION = "http_server_request_duration_seconds"
REQUESTS = DURATION + "_count"
OUTGOING = "http_client_request_duration_seconds"


def series(metric, scope, *more):
    return f'{metric}{{{", ".join((scope, *more))}}}'


def rate(metric, scope, *more):
    return f"rate({series(metric, scope, *more)}[$__rate_interval])"


def total(expression, *by):
    return f"sum by ({', '.join(by)}) ({expression})" if by else f"sum({expression})"


def in_range(metric, scope):
    """How much a counter rose in the whole time shown."""
    return total(f"increase({series(metric, scope)}[$__range])")


def quantile(share, histogram, scope, *by):
    return f"histogram_quantile({share}, {total(rate(histogram + '_bucket', scope), *by, 'le')})"


def mean(histogram, scope):
    return f"{total(rate(histogram + '_sum', scope))} / {total(rate(histogram + '_count', scope))}"


def ratio(part, whole):
    """0 where nothing of the part has happened yet, and nothing at all, instead of 0 / 0, where there is no traffic."""
    return f"({part} or {whole} * 0) / ({whole} > 0)"


def named(expression, label, empty):
    """Gives those a name that have no such label."""
    return f'label_replace({expression}, "{label}", "{empty}", "{label}", "")'


def by_route(expression):
    return named(expression, "http_route", "no route")


def or_zero(expression):
    """For metrics without a series until something happens: zero, as long as any server is there."""
    return f"{expression} or sum({series('http_server_active_requests', SERVERS)}) * 0"
