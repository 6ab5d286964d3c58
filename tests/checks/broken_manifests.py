"""Copies of deploy/kubernetes that must be refused: a file, what is replaced in it by what, and a word of the refusal."""

PODS = "base/pods.yaml"
SERVICES = "base/services.yaml"
POLICIES = "base/network-policies.yaml"
POSTGRES = "overlays/single/postgres.yaml"
RABBITMQ = "overlays/single/rabbitmq.yaml"
SCALED = "overlays/scaled/scaled-object.yaml"
RULES = "components/monitoring/prometheus-rule.yaml"

KUSTOMIZE_AND_SCHEMAS = [
    ("a file that is not there", "base/kustomization.yaml", "- worker.yaml", "- workers.yaml", "workers.yaml"),
    ("an unknown field", "base/worker.yaml", "      volumes:", "      volume:", "'volume' was unexpected"),
    ("a misspelt probe", SERVICES, "readinessProbe", "readynessProbe", "readynessProbe"),
    ("an unknown kind", "base/disruption-budgets.yaml", "kind: PodDisruptionBudget", "kind: DisruptionBudget", "no such kind"),
    ("a wrong type", POLICIES, "port: 5432", "port: [5432]", "is not valid"),
    ("an unknown field of KEDA", SCALED, "  pollingInterval:", "  pollInterval: 30\n  pollingInterval:", "'pollInterval' was unexpected"),
    ("an unknown field of an alert", RULES, "annotations:", "annotation:", "annotation"),
]
PODS_BROKEN = [
    ("service links", PODS, "enableServiceLinks: false", "enableServiceLinks: true", "service links"),
    ("service links for Postgres", POSTGRES, "      enableServiceLinks: false\n", "", "postgres: must not be given service links"),
    ("a token of the API server", PODS, "automountServiceAccountToken: false", "automountServiceAccountToken: true", "a token"),
    ("root", PODS, "runAsNonRoot: true", "runAsNonRoot: false", "as root"),
    ("writable", PODS, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "must be read-only"),
    ("writable RabbitMQ", RABBITMQ, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "rabbitmq: must be read-only"),
    ("new privileges", PODS, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "new privileges"),
    ("capabilities", "base/operator.yaml", "drop: [ALL]", "drop: [NET_RAW]", "operator: must be read-only"),
    ("no seccomp profile", PODS, "type: RuntimeDefault", "type: Unconfined", "seccomp"),
    ("memory without limit", PODS, "limits: { memory: 512Mi }", "limits: { cpu: 1 }", "memory must be limited"),
    ("a volume without limit", POSTGRES, ", sizeLimit: 64Mi", "", "must be limited"),
    ("rights of data", RABBITMQ, "        fsGroupChangePolicy: OnRootMismatch\n", "", "rabbitmq: its data must keep their rights"),
    ("a lax namespace", "base/namespace.yaml", "enforce: restricted", "enforce: baseline", "restricted"),
]
AS_IN_COMPOSE = [
    ("another program", "base/worker.yaml", "kaseya-sync-worker]", "kaseya-sync-results]", "worker: runs"),
    ("a variable left out", "base/portal.yaml", '            - { name: KASEYA_SYNC_PORTAL__PROXIES, value: "1" }\n', "", "variables"),
    ("the key ring for the scheduler", "base/scheduler.yaml", "              - secret: { name: bus-uri-scheduler",
     "              - secret: { name: key-ring, items: [{ key: key-ring, path: key-ring }] }\n"
     "              - secret: { name: bus-uri-scheduler", "scheduler: its secret files"),
    ("another's broker user", "base/worker.yaml", "key: bus-uri-worker", "key: bus-uri-operator", "worker: its secret files"),
    ("plaintext to a Postgres elsewhere", "overlays/scaled/kustomization.yaml", "  - path: addresses.yaml",
     "  - path: addresses.yaml\n  - path: ../single/plaintext.yaml\n    target: { kind: Deployment, name: results }",
     "security"),
    ("alive by its dependencies", SERVICES, "livenessProbe:\n            httpGet: { path: /livez",
     "livenessProbe:\n            httpGet: { path: /readyz", "livenessProbe must ask /livez"),
    ("a health port nobody listens on", SERVICES, "containerPort: 9090", "containerPort: 9091", "must ask /livez"),
    ("too little time to end", SERVICES, "terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 30", "to end"),
    ("another Postgres", POSTGRES, "postgres:17-bookworm", "postgres:16-bookworm", "as in docker-compose.yml"),
    ("another version", "components/version/kustomization.yaml", 'newTag: "0.1.0"', 'newTag: "0.2.0"', "the version is"),
    ("a migration of every version", "components/version/kustomization.yaml", "index: 1 }\n    targets", "index: 0 }\n    targets",
     "is not named with the tag"),
]
REACH = [
    ("workers reach the database", POLICIES, "values: [migrate, operator, portal, results, scheduler] }",
     "values: [migrate, operator, portal, results, scheduler, worker] }", "worker: reaches ['broker', 'database', 'outside']"),
    ("Postgres lets workers in", "overlays/single/network-policies.yaml",
     "values: [migrate, operator, portal, results, scheduler] }",
     "values: [migrate, operator, portal, results, scheduler, worker] }", "lets workers in"),
    ("the scheduler reaches the internet", POLICIES, "values: [operator, portal, worker] }",
     "values: [operator, portal, scheduler, worker] }", "scheduler: reaches"),
    ("workers reach pods as the internet", POLICIES, "except: [10.0.0.0/8, ", "except: [", "private address 10.1.2.3"),
    ("every port", POLICIES, "      ports:\n        - { protocol: TCP, port: 443 }\n", "", "must name ports"),
    ("nothing is denied", POLICIES, "policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]", "must be denied"),
    ("no way to the broker", POLICIES, "results, scheduler, worker] }", "results, scheduler] }", "worker: reaches ['outside']"),
    ("the database under the broker's port", POLICIES, "port: 5432", "port: 5672", "reaches"),
    ("the pages for nobody", POLICIES, "port: 8080", "port: 9090", "nobody reaches it"),
    ("the metrics' port of Postgres", "components/monitoring/network-policy.yaml", "values: [portal,", "values: [postgres, portal,",
     "postgres: is reached on [9090]"),
]
TOGETHER = [
    ("a Secret nobody makes", "base/worker.yaml", "secret: { name: key-ring,", "secret: { name: keyring,", "lacks"),
    ("a Secret left out", "components/external-secrets/external-secrets.yaml", "secretKey: key-ring", "secretKey: keys", "lacks"),
    ("a Service without pods", "base/portal.yaml", "targetPort: http", "targetPort: https", "no pod of it"),
    ("an Ingress without Service", "base/ingress.yaml", "                name: portal", "                name: pages", "no Service"),
    ("a host without TLS", "base/ingress.yaml", "hosts: [portal.example.com]", "hosts: [example.com]", "is not encrypted"),
    ("no disruption budget", "base/disruption-budgets.yaml", "  name: results", "  name: result", "results: has no Pod"),
    ("no metrics' port", "components/monitoring/pod-monitor.yaml", "port: health", "port: metrics", "no pod has the port"),
    ("an alert on nothing", RULES, "installation_dead_letters_kept", "installation_dead_letters_waiting", "no program shows"),
    ("an alert that never comes", RULES, "(installation_dead_letters_kept)) > 0", "(installation_dead_letters_kept)) > 1000", "promtool test"),
    ("an alert that cannot be read", RULES, "abs(clock_skew) > 10", "abs(clock_skew > 10", "promtool check"),
    ("a panel of nothing", "components/monitoring/dashboard.json", "installation_dead_letters_age", "dead_letters_old", "no program shows"),
    ("a panel that is no query", "components/monitoring/dashboard.json", "max(installation_dead_letters_age)", "max(installation_dead_letters_age", "promtool"),
    ("scaling on nothing", SCALED, "installation_jobs_open", "installation_jobs_waiting", "no program shows"),
    ("scaling nothing", SCALED, "scaleTargetRef: { name: worker }", "scaleTargetRef: { name: workers }", "must be a Deployment"),
    ("replicas set twice", "overlays/scaled/kustomization.yaml", "  - { name: results, count: 2 }",
     "  - { name: results, count: 2 }\n  - { name: worker, count: 2 }", "no replicas itself"),
    ("one replica", "overlays/scaled/kustomization.yaml", "name: portal, count: 2", "name: portal, count: 1", "two replicas"),
]

BROKEN = [*KUSTOMIZE_AND_SCHEMAS, *PODS_BROKEN, *AS_IN_COMPOSE, *REACH, *TOGETHER]
