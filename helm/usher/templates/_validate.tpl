{{/* Combinations of values that can't work and that the schema can't express: all of them at once, each with what to write. */}}
{{- define "usher.validate" -}}
{{- $problems := list -}}
{{- $kafka := eq .Values.mode "kafka" -}}
{{- $pods := int (include "usher.pods" .) -}}

{{- if not $kafka -}}
  {{- if .Values.split -}}
    {{- $problems = append $problems "split: the embedded log is for one pod. Write mode: kafka, or split: false" -}}
  {{- end -}}
  {{- if gt (int .Values.replicas) 1 -}}
    {{- $problems = append $problems "replicas: the embedded log is for one pod. Write mode: kafka, or replicas: 1" -}}
  {{- end -}}
  {{- if .Values.kafka.brokers -}}
    {{- $problems = append $problems "kafka.brokers: the embedded log has no brokers. Write mode: kafka, or leave them out" -}}
  {{- end -}}
  {{- if not (or .Values.persistence.enabled .Values.sandbox.enabled) -}}
    {{- $problems = append $problems "persistence.enabled: without a volume the embedded log is lost with its pod. Write true, or mode: kafka" -}}
  {{- end -}}
{{- else -}}
  {{- if not .Values.kafka.brokers -}}
    {{- $problems = append $problems "kafka.brokers: mode: kafka needs at least one broker. Write its address, like kafka.example.com:9092" -}}
  {{- end -}}
  {{- if .Values.persistence.existingClaim -}}
    {{- $problems = append $problems "persistence.existingClaim: with mode: kafka each pod has a claim of its own. Leave it out" -}}
  {{- end -}}
  {{- $engines := ternary (int (include "usher.replicas" (dict "part" .Values.engine))) (int .Values.replicas) .Values.split -}}
  {{- if gt $engines (int .Values.kafka.partitions) -}}
    {{- $problems = append $problems (printf "kafka.partitions: %d pods hold the engine, and only %d can have a partition. Write more partitions, or fewer pods" $engines (int .Values.kafka.partitions)) -}}
  {{- end -}}
{{- end -}}
{{- if and .Values.split (ne (int .Values.replicas) 1) -}}
  {{- $problems = append $problems "replicas: with split: true write webhooks.replicas, engine.replicas and admin.replicas instead" -}}
{{- end -}}

{{- if not .Values.adminToken.existingSecret -}}
  {{- if gt $pods 1 -}}
    {{- $problems = append $problems "adminToken.existingSecret: with more than one pod each would make a token of its own. Name a Secret with the token" -}}
  {{- else if not (or .Values.persistence.enabled .Values.sandbox.enabled) -}}
    {{- $problems = append $problems "adminToken.existingSecret: without a volume the token is lost with its pod. Name a Secret with the token" -}}
  {{- end -}}
{{- end -}}
{{- $grace := add (int .Values.preStopSeconds) 30 -}}
{{- if lt (int .Values.terminationGracePeriodSeconds) (int $grace) -}}
  {{- $problems = append $problems (printf "terminationGracePeriodSeconds: usher needs up to 30 s after preStopSeconds. Write at least %d" $grace) -}}
{{- end -}}

{{- if .Values.existingConfigMap -}}
  {{- if .Values.config -}}
    {{- $problems = append $problems "existingConfigMap: config is not used with it. Leave one of them out" -}}
  {{- end -}}
  {{- if .Values.sandbox.enabled -}}
    {{- $problems = append $problems "sandbox.enabled: the chart adds the sandbox's source to config. Leave existingConfigMap out" -}}
  {{- end -}}
{{- end -}}
{{- range $key := list "data_dir" "log" "admin" -}}
  {{- if hasKey $.Values.config $key -}}
    {{- $problems = append $problems (printf "config.%s: the chart sets it. Use the values of the chart" $key) -}}
  {{- end -}}
{{- end -}}
{{- if hasKey (.Values.config.webhooks | default dict) "listen" -}}
  {{- $problems = append $problems "config.webhooks.listen: the chart sets it. Use listenAddress" -}}
{{- end -}}
{{- if hasKey (.Values.config.webhooks | default dict) "linger" -}}
  {{- $problems = append $problems "config.webhooks.linger: preStopSeconds does the same before SIGTERM. Leave it out" -}}
{{- end -}}
{{- $files := dict -}}
{{- range .Values.secrets -}}
  {{- if hasKey $files .name -}}
    {{- $problems = append $problems (printf "secrets: %q is there twice. Give each entry a name of its own" .name) -}}
  {{- end -}}
  {{- $_ := set $files .name .items -}}
{{- end -}}
{{- range regexFindAll "\"file\":\"secrets/[^\"]+\"" (printf "%s %s" (toJson .Values.config) (toJson .Values.kafka.options)) -1 | uniq -}}
  {{- $path := trimSuffix "\"" (trimPrefix "\"file\":\"secrets/" .) -}}
  {{- $parts := splitn "/" 2 $path -}}
  {{- if not (has $parts._1 (get $files $parts._0 | default list)) -}}
    {{- $problems = append $problems (printf "secrets: { file: secrets/%s } is used, and no entry has the name %q with the item %q. Add it" $path $parts._0 ($parts._1 | default "")) -}}
  {{- end -}}
{{- end -}}

{{- if and .Values.ingress.enabled (not .Values.ingress.host) -}}
  {{- $problems = append $problems "ingress.host: an Ingress without a host takes the requests of all hosts. Write the host" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
  {{- $problems = append $problems "httpRoute.parentRefs: an HTTPRoute belongs to a Gateway. Name it" -}}
{{- end -}}
{{- if and .Values.service.loadBalancerSourceRanges (ne .Values.service.type "LoadBalancer") -}}
  {{- $problems = append $problems "service.loadBalancerSourceRanges: only a LoadBalancer has them. Write service.type: LoadBalancer, or leave them out" -}}
{{- end -}}
{{- with .Values.networkPolicy -}}
  {{- if and .egress.enabled (not .enabled) -}}
    {{- $problems = append $problems "networkPolicy.egress.enabled: it needs networkPolicy.enabled" -}}
  {{- end -}}
  {{- if and .egress.enabled $kafka (not .egress.brokers) -}}
    {{- $problems = append $problems "networkPolicy.egress.brokers: with mode: kafka the brokers must be reached. Write them as peers of a NetworkPolicy" -}}
  {{- end -}}
  {{- if and .egress.enabled $.Values.config.sources (not .egress.products) (not .egress.ciliumHosts) (not .egress.additional) -}}
    {{- $problems = append $problems "networkPolicy.egress.products: the products must be reached. Write them as peers of a NetworkPolicy, or ciliumHosts: true" -}}
  {{- end -}}
{{- end -}}

{{- range $part := list "webhooks" "engine" -}}
  {{- $scale := get $.Values.autoscaling $part -}}
  {{- if $scale.enabled -}}
    {{- if not $.Values.split -}}
      {{- $problems = append $problems (printf "autoscaling.%s.enabled: it scales pods of its own. Write split: true" $part) -}}
    {{- end -}}
    {{- if gt (int $scale.minReplicas) (int $scale.maxReplicas) -}}
      {{- $problems = append $problems (printf "autoscaling.%s.minReplicas: it is more than maxReplicas" $part) -}}
    {{- end -}}
    {{- if get (get $.Values $part) "replicas" -}}
      {{- $problems = append $problems (printf "%[1]s.replicas: autoscaling.%[1]s sets the number of pods. Leave one of them out" $part) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if .Values.autoscaling.engine.enabled -}}
  {{- if not .Values.autoscaling.engine.prometheusUrl -}}
    {{- $problems = append $problems "autoscaling.engine.prometheusUrl: KEDA reads the lag there. Write the URL of Prometheus" -}}
  {{- end -}}
  {{- if gt (int .Values.autoscaling.engine.maxReplicas) (int .Values.kafka.partitions) -}}
    {{- $problems = append $problems "autoscaling.engine.maxReplicas: only kafka.partitions pods can have a partition. Write at most that" -}}
  {{- end -}}
{{- end -}}
{{- if and .Values.monitoring.serviceMonitor.enabled .Values.monitoring.podMonitor.enabled -}}
  {{- $problems = append $problems "monitoring: a ServiceMonitor and a PodMonitor scrape the same pods twice. Enable one of them" -}}
{{- end -}}

{{- with $problems -}}
  {{- fail (printf "\n\nThese values can't work:\n\n  - %s\n" (join "\n  - " .)) -}}
{{- end -}}
{{- end -}}
