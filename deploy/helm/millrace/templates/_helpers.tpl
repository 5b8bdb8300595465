{{- define "millrace.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* The name of all objects: the name of the release, which contains millrace or is followed by it. */}}
{{- define "millrace.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains (include "millrace.name" .) .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "millrace.name" .) | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "millrace.selectorLabels" -}}
app.kubernetes.io/name: {{ include "millrace.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "millrace.labels" -}}
{{ include "millrace.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "millrace.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}

{{- define "millrace.sqlite" -}}
{{- if hasPrefix "sqlite:" .Values.database.uri }}true{{ end }}
{{- end }}

{{- define "millrace.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "millrace.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- /* The names by which requests may come: the ingress's, the service's, and those of the values. */}}
{{- define "millrace.allowedHosts" -}}
{{- $name := include "millrace.fullname" . }}
{{- $hosts := list $name (printf "%s.*" $name) }}
{{- if .Values.ingress.enabled }}
{{- $hosts = prepend $hosts .Values.ingress.host }}
{{- end }}
{{- concat $hosts .Values.allowedHosts | uniq | join "," }}
{{- end }}

{{- define "millrace.metricsAccess" -}}
{{- if .Values.metrics.access }}
{{- .Values.metrics.access }}
{{- else if or .Values.metrics.scrapeAnnotations .Values.metrics.serviceMonitor.enabled }}all
{{- end }}
{{- end }}

{{- /* Values that each are valid and do not work together. */}}
{{- define "millrace.check" -}}
{{- $replicas := int .Values.replicas }}
{{- $volume := .Values.artifacts.persistence }}
{{- $stores := 0 }}
{{- range list .Values.artifacts.root .Values.artifacts.destination $volume.enabled }}
{{- if . }}{{- $stores = add1 $stores }}{{- end }}
{{- end }}
{{- if gt (int $stores) 1 }}
{{- fail "artifacts.root, artifacts.destination and artifacts.persistence.enabled exclude each other; set one" }}
{{- end }}
{{- if eq (int $stores) 0 }}
{{- fail "artifacts would be lost with the pod; enable artifacts.persistence, or set artifacts.destination or artifacts.root" }}
{{- end }}
{{- if not (or .Values.database.uri .Values.database.existingSecret) }}
{{- fail "set database.existingSecret or database.uri" }}
{{- end }}
{{- if include "millrace.sqlite" . }}
{{- if gt $replicas 1 }}
{{- fail (printf "SQLite serves one replica, not %d; set replicas to 1 or use PostgreSQL" $replicas) }}
{{- end }}
{{- if not (and $volume.enabled (hasPrefix "sqlite:////data/" .Values.database.uri)) }}
{{- fail "a SQLite database must be on the volume: enable artifacts.persistence, and set database.uri to sqlite:////data/mlflow.db" }}
{{- end }}
{{- else if and $volume.enabled (not $volume.existingClaim) (gt $replicas 1) (not (has "ReadWriteMany" $volume.accessModes)) }}
{{- fail "several replicas need artifacts.persistence.accessModes with ReadWriteMany" }}
{{- end }}
{{- end }}
