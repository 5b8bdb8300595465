{{- define "millrace.pod" -}}
automountServiceAccountToken: false
{{- with include "millrace.serviceAccount" . }}
serviceAccountName: {{ . }}
{{- end }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
{{- with .Values.topologySpread }}
{{- if .enabled }}
topologySpreadConstraints:
  - maxSkew: {{ .maxSkew }}
    topologyKey: {{ .topologyKey }}
    whenUnsatisfiable: {{ .whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "millrace.selectorLabels" $ | nindent 8 }}
{{- end }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
containers:
  - name: millrace
    image: {{ include "millrace.image" . | quote }}
    imagePullPolicy: {{ .Values.image.pullPolicy }}
    args: [server]
    env:
      {{- include "millrace.env" . | nindent 6 }}
    {{- with .Values.envFrom }}
    envFrom:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    ports:
      - name: http
        containerPort: 5000
    readinessProbe:
      httpGet:
        path: {{ .Values.staticPrefix }}/readyz
        port: http
      {{- toYaml .Values.readinessProbe | nindent 6 }}
    livenessProbe:
      httpGet:
        path: {{ .Values.staticPrefix }}/livez
        port: http
      {{- toYaml .Values.livenessProbe | nindent 6 }}
    lifecycle:
      preStop:
        sleep:
          seconds: 5
    resources:
      {{- toYaml .Values.resources | nindent 6 }}
    securityContext:
      {{- toYaml .Values.securityContext | nindent 6 }}
    volumeMounts:
      {{- if .Values.artifacts.persistence.enabled }}
      - name: artifacts
        mountPath: {{ if include "millrace.sqlite" . }}/data{{ else }}/data/artifacts{{ end }}
      {{- end }}
      - name: tmp
        mountPath: /tmp
volumes:
  {{- if .Values.artifacts.persistence.enabled }}
  - name: artifacts
    persistentVolumeClaim:
      claimName: {{ default (printf "%s-artifacts" (include "millrace.fullname" .)) .Values.artifacts.persistence.existingClaim }}
  {{- end }}
  - name: tmp
    emptyDir: {}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "millrace.env" -}}
- name: MLFLOW_BACKEND_STORE_URI
  valueFrom:
    secretKeyRef:
      name: {{ if .Values.database.uri }}{{ include "millrace.fullname" . }}{{ else }}{{ .Values.database.existingSecret }}{{ end }}
      key: {{ .Values.database.secretKey }}
- name: MLFLOW_SQLALCHEMYSTORE_POOL_SIZE
  value: {{ .Values.database.poolSize | quote }}
{{- if .Values.artifacts.root }}
- name: MLFLOW_SERVE_ARTIFACTS
  value: "false"
- name: MLFLOW_DEFAULT_ARTIFACT_ROOT
  value: {{ .Values.artifacts.root | quote }}
{{- else }}
- name: MLFLOW_ARTIFACTS_DESTINATION
  value: {{ default "/data/artifacts" .Values.artifacts.destination | quote }}
{{- end }}
- name: MLFLOW_SERVER_ALLOWED_HOSTS
  value: {{ include "millrace.allowedHosts" . | quote }}
{{- with .Values.forwardedAllowIPs }}
- name: FORWARDED_ALLOW_IPS
  value: {{ join "," . | quote }}
{{- end }}
{{- with .Values.staticPrefix }}
- name: MLFLOW_STATIC_PREFIX
  value: {{ . | quote }}
{{- end }}
{{- with include "millrace.metricsAccess" . }}
- name: MILLRACE_METRICS
  value: {{ . | quote }}
{{- end }}
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- end }}
