{{/* The keys of the configuration that the chart sets, as YAML. */}}
{{- define "usher.settings" -}}
{{- $admin := dict "listen" (printf "%s:8081" .Values.listenAddress) -}}
{{- if .Values.adminToken.existingSecret -}}
{{- $_ := set $admin "token" (dict "file" "secrets/admin/token") -}}
{{- end -}}
{{- $log := dict "kind" .Values.mode -}}
{{- if eq .Values.mode "kafka" -}}
{{- $kafka := dict "brokers" .Values.kafka.brokers "topic_prefix" .Values.kafka.topicPrefix "partitions" .Values.kafka.partitions
    "replication_factor" .Values.kafka.replicationFactor "options" .Values.kafka.options -}}
{{- if .Values.kafka.staticMembership -}}
{{- $timeout := dict "session.timeout.ms" (.Values.kafka.sessionTimeoutMs | int64 | toString) -}}
{{- $kafka = merge (dict "instance_id" (dict "env" "POD_NAME") "options" (merge $timeout .Values.kafka.options)) $kafka -}}
{{- end -}}
{{- $_ := set $log "kafka" $kafka -}}
{{- end -}}
{{- dict "data_dir" "/data" "webhooks" (dict "listen" (printf "%s:8080" .Values.listenAddress)) "admin" $admin "log" $log | toYaml -}}
{{- end -}}

{{/* The host name of the sandbox. */}}
{{- define "usher.sandboxName" -}}
{{ include "usher.fullname" . }}-sandbox
{{- end -}}

{{/* usher.yaml: the value `config`, the sandbox's source and scheme, and the keys that the chart sets. */}}
{{- define "usher.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if .Values.sandbox.enabled -}}
{{- $host := include "usher.sandboxName" . -}}
{{- $source := dict "id" "demo" "name" "Simulated Jira" "product" "jira-dc" "base_url" (printf "http://%s:8090/jira-dc" $host) "plain_http" $host
    "auth" (dict "bearer" (dict "value" "sandbox-token")) "webhook" (dict "hmac" (list (dict "value" "sandbox-secret")))
    "feed" (dict "kind" "audit-log" "every" "2s") "reconcile" (dict "every" "5s") -}}
{{- $scheme := dict "id" "demo" "name" "New users become newcomers" "source" "demo" "trigger" "on_create" "test_mode" false
    "select" (dict "everyone" true) "actions" (list (dict "add_groups" (list "newcomers"))) -}}
{{- $_ := set $config "sources" (append ($config.sources | default list) $source) -}}
{{- $_ := set $config "schemes" (append ($config.schemes | default list) $scheme) -}}
{{- end -}}
{{- mergeOverwrite $config (include "usher.settings" . | fromYaml) | toYaml -}}
{{- end -}}

{{/*
The part of the configuration that a running usher can't take up by itself: docs/configuration.md, Reloading. Pods restart
when it changes. All else reaches them as a changed file.
*/}}
{{- define "usher.restartConfig" -}}
{{- $config := omit (include "usher.config" . | fromYaml) "mode" "schemes" -}}
{{- $_ := set $config "admin" (omit $config.admin "token" "tokens" "public_url" "session" "oidc") -}}
{{- $sources := list -}}
{{- range $config.sources -}}
{{- $kept := omit . "name" "auth" "credentials_expire" "rate" "protect" "mass_creation" "ca" "proxy" "webhook" -}}
{{- $webhook := .webhook | default dict -}}
{{- $_ := set $kept "actions" $webhook.actions -}}
{{- /* Whether a feed and a listener tell of the same logins. */ -}}
{{- $_ := set $kept "twice" (and (or .feed $webhook.bearer) (or $webhook.hmac $webhook.connect) | empty) -}}
{{- $sources = append $sources $kept -}}
{{- end -}}
{{- set $config "sources" $sources | toYaml -}}
{{- end -}}

{{/* The same keys as environment variables, which win over the file: for a ConfigMap that the chart does not make. */}}
{{- define "usher.settingsEnv" -}}
{{- $settings := include "usher.settings" . | fromYaml -}}
- name: USHER_DATA_DIR
  value: {{ $settings.data_dir | quote }}
- name: USHER_WEBHOOKS__LISTEN
  value: {{ $settings.webhooks.listen | toJson | quote }}
- name: USHER_ADMIN__LISTEN
  value: {{ $settings.admin.listen | toJson | quote }}
{{- with $settings.admin.token }}
- name: USHER_ADMIN__TOKEN
  value: {{ dict "file" (printf "/etc/usher/%s" .file) | toJson | quote }}
{{- end }}
- name: USHER_LOG__KIND
  value: {{ $settings.log.kind | quote }}
{{- with $settings.log.kafka }}
- name: USHER_LOG__KAFKA
  value: {{ . | toJson | quote }}
{{- end }}
{{- end -}}
