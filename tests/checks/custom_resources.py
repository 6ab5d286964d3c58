"""The shape of the custom resources of deploy/kubernetes, whose own schemas no registry has: the fields that stand there, each
with its type, and no other."""


def fields(required: dict, optional: dict | None = None) -> dict:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def resource(spec: dict) -> dict:
    metadata = fields({"name": TEXT, "namespace": TEXT}, {"labels": TEXTS})
    return fields({"apiVersion": TEXT, "kind": TEXT, "metadata": metadata, "spec": spec})


def several(items: dict) -> dict:
    return {"type": "array", "items": items, "minItems": 1}


TEXT = {"type": "string", "minLength": 1}
TEXTS = {"type": "object", "additionalProperties": TEXT}
COUNT = {"type": "integer", "minimum": 0}
SPAN = {"type": "string", "pattern": "^[0-9]+(s|m|h)$"}
SELECTOR = fields({"matchLabels": TEXTS})

ALERT = fields(
    {
        "alert": TEXT,
        "expr": TEXT,
        "labels": fields({"severity": {"enum": ["critical", "warning"]}}),
        "annotations": fields({"summary": TEXT, "description": TEXT, "runbook": {"type": "string", "pattern": "^deploy/runbooks/[a-z-]+\\.md$"}}),
    },
    {"for": SPAN},
)
PROMETHEUS_TRIGGER = fields(
    {
        "type": {"const": "prometheus"},
        "metadata": fields({"serverAddress": TEXT, "query": TEXT, "threshold": {"type": "string", "pattern": "^[0-9]+$"}}),
    }
)

SCHEMAS = {
    ("monitoring.coreos.com/v1", "PodMonitor"): resource(
        fields(
            {
                "selector": SELECTOR,
                "podMetricsEndpoints": several(fields({"port": TEXT, "path": TEXT, "interval": SPAN})),
            }
        )
    ),
    ("monitoring.coreos.com/v1", "PrometheusRule"): resource(
        fields({"groups": several(fields({"name": TEXT, "rules": several(ALERT)}))})
    ),
    ("keda.sh/v1alpha1", "ScaledObject"): resource(
        fields(
            {
                "scaleTargetRef": fields({"name": TEXT}),
                "minReplicaCount": COUNT,
                "maxReplicaCount": COUNT,
                "pollingInterval": COUNT,
                "cooldownPeriod": COUNT,
                "fallback": fields({"failureThreshold": COUNT, "replicas": COUNT}),
                "triggers": several(PROMETHEUS_TRIGGER),
            }
        )
    ),
    ("external-secrets.io/v1", "ExternalSecret"): resource(
        fields(
            {
                "refreshInterval": SPAN,
                "secretStoreRef": fields({"kind": TEXT, "name": TEXT}),
                "data": several(fields({"secretKey": TEXT, "remoteRef": fields({"key": TEXT})})),
            }
        )
    ),
}
