{{/* The name of the chart, or what an umbrella chart calls it. An alias may have capitals, and names of objects may not. */}}
{{- define "usher.name" -}}
{{- .Values.nameOverride | default (.Chart.Name | lower | replace "_" "-" | replace "." "-" | trunc 45 | trimAll "-") -}}
{{- end -}}

{{/*
The name of all objects. At most 45 characters: `-engine` is added to it, and StatefulSets put it into a label with a revision
of 11 behind it. Two charts of one umbrella must not be called the same, so that only the whole name of the release counts there.
*/}}
{{- define "usher.fullname" -}}
{{- $name := include "usher.name" . -}}
{{- $full := .Values.fullnameOverride -}}
{{- if not $full -}}
{{- $full = ternary .Release.Name (printf "%s-%s" .Release.Name $name) (ternary (contains $name .Release.Name) (eq $name .Release.Name) .Chart.IsRoot) -}}
{{- end -}}
{{- $full | replace "." "-" | trunc 45 | trimSuffix "-" -}}
{{- end -}}

{{/* Labels that never change: selectors and claim templates have these alone. */}}
{{- define "usher.selector" -}}
app.kubernetes.io/name: {{ include "usher.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "usher.version" -}}
{{- .Values.image.tag | default .Chart.AppVersion | replace "+" "_" | trunc 63 | trimAll "-_." | quote -}}
{{- end -}}

{{/* What all objects have as labels besides those that select. */}}
{{- define "usher.chartLabels" -}}
app.kubernetes.io/version: {{ include "usher.version" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimAll "-_." }}
{{- end -}}

{{/* Labels of an object besides those that select. */}}
{{- define "usher.moreLabels" -}}
{{ include "usher.chartLabels" . }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Labels of an object. */}}
{{- define "usher.labels" -}}
{{ include "usher.selector" . }}
{{ include "usher.moreLabels" . }}
{{- end -}}

{{/* Labels of an object with some of its own, which win over `commonLabels`. Takes a dict: `root`, `labels`. */}}
{{- define "usher.labelsWith" -}}
{{ include "usher.selector" .root }}
{{ include "usher.chartLabels" .root }}
{{- with merge (deepCopy .labels) .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Labels of usher's pods. The chart's version is none of them: it alone restarts no pod. */}}
{{- define "usher.podLabels" -}}
{{ include "usher.selector" . }}
app.kubernetes.io/version: {{ include "usher.version" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with merge (deepCopy .Values.podLabels) .Values.commonLabels }}
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

{{/*
Where usher's calls for the sources go: the product or the proxy before it, and the publisher of Forge's keys. JSON: for each
port, sorted, the sorted hosts.
*/}}
{{- define "usher.endpoints" -}}
{{- $urls := list -}}
{{- range .Values.config.sources -}}
{{- $proxy := .proxy -}}
{{- if kindIs "map" .proxy }}{{ $proxy = .proxy.url }}{{ end -}}
{{- $urls = append $urls ($proxy | default .base_url | default "https://api.atlassian.com") -}}
{{- $forge := dig "webhook" "forge" dict . -}}
{{- if and $forge (not $forge.jwks_file) -}}
{{- $urls = append $urls ($forge.jwks_url | default "https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json") -}}
{{- end -}}
{{- end -}}
{{- $ports := dict -}}
{{- range $urls -}}
{{- $url := toString . -}}
{{- $authority := regexReplaceAll "^[a-zA-Z]+://([^/?#@]*@)?([^/?#]*).*$" $url "${2}" -}}
{{- $port := trimPrefix ":" (regexFind ":[0-9]+$" $authority) | default (ternary "80" "443" (hasPrefix "http:" (lower $url))) -}}
{{- $host := regexReplaceAll ":[0-9]+$" $authority "" | lower -}}
{{- $_ := set $ports $port (append (get $ports $port | default list) $host | uniq | sortAlpha) -}}
{{- end -}}
{{- $ports | toJson -}}
{{- end -}}

{{/* Labels of a pod beside usher: the sandbox, the test. Takes a dict: `root`, `name`. usher's selectors do not match them. */}}
{{- define "usher.companion" -}}
app.kubernetes.io/name: {{ printf "%s-%s" (include "usher.name" .root) .name | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- end -}}

{{- define "usher.pullSecrets" -}}
{{- with .Values.image.pullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end -}}
{{- end -}}
