{{/* The name of all objects. At most 52 characters: StatefulSets add a revision of 11 to it in a label. */}}
{{- define "usher.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Labels that never change: selectors and claim templates have these alone. */}}
{{- define "usher.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels of an object. */}}
{{- define "usher.labels" -}}
{{ include "usher.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | replace "+" "_" | trunc 63 | trimAll "-_." | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "usher.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "usher.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "usher.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* The ConfigMap with usher.yaml. */}}
{{- define "usher.configMapName" -}}
{{- .Values.existingConfigMap | default (include "usher.fullname" .) -}}
{{- end -}}

{{/* The number of pods of one part. Takes a dict: `part`, its values. */}}
{{- define "usher.replicas" -}}
{{- .part.replicas | default 2 | int -}}
{{- end -}}

{{/* The number of pods that have an admin port: at least this many. */}}
{{- define "usher.pods" -}}
{{- if eq .Values.mode "embedded" -}}1
{{- else if .Values.split -}}3
{{- else -}}{{ int .Values.replicas }}
{{- end -}}
{{- end -}}

{{/* The value of the label `job` of scraped series. */}}
{{- define "usher.job" -}}
{{- if .Values.monitoring.podMonitor.enabled -}}
{{ .Release.Namespace }}/{{ include "usher.fullname" . }}
{{- else -}}
{{ include "usher.fullname" . }}-headless
{{- end -}}
{{- end -}}

{{/* The label matchers that select the series of this release. */}}
{{- define "usher.series" -}}
{{- .Values.monitoring.rules.selector | default (printf "namespace=%q,job=%q" .Release.Namespace (include "usher.job" .)) -}}
{{- end -}}

{{/* The ports of the URLs of all sources: a list as JSON, sorted. */}}
{{- define "usher.productPorts" -}}
{{- $ports := dict -}}
{{- range .Values.config.sources -}}
{{- $url := urlParse (.base_url | default "https://api.atlassian.com") -}}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) | default (ternary "80" "443" (eq $url.scheme "http")) -}}
{{- $_ := set $ports $port true -}}
{{- end -}}
{{- keys $ports | sortAlpha | toJson -}}
{{- end -}}

{{/* Labels of a pod beside usher: the sandbox, the test. Takes a dict: `root`, `name`. usher's selectors do not match them. */}}
{{- define "usher.companion" -}}
app.kubernetes.io/name: {{ printf "%s-%s" (default .root.Chart.Name .root.Values.nameOverride) .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "usher.pullSecrets" -}}
{{- with .Values.image.pullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end -}}
{{- end -}}
