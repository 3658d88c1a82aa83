{{/* The names of all alerts: a list as JSON. */}}
{{- define "usher.alerts" -}}
{{- $names := list -}}
{{- range regexFindAll "- alert: [A-Za-z]+" (.Files.Get "rules/usher.yaml.in") -1 -}}
{{- $names = append $names (trimPrefix "- alert: " .) -}}
{{- end -}}
{{- $names | toJson -}}
{{- end -}}

{{/*
The groups of rules, made of rules/usher.yaml.in: `${series}` becomes the matchers of this release's series, `${name}` the
threshold of that name.
*/}}
{{- define "usher.rules" -}}
{{- $rules := .Values.monitoring.rules -}}
{{- $text := .Files.Get "rules/usher.yaml.in" | replace "${series}" (include "usher.series" .) -}}
{{- range $name, $value := $rules.thresholds -}}
{{- $text = replace (printf "${%s}" $name) (toJson $value) $text -}}
{{- end -}}
{{- $groups := list -}}
{{- range (fromYaml $text).groups -}}
{{- $kept := list -}}
{{- range .rules -}}
{{- if not .alert -}}
{{- $kept = append $kept . -}}
{{- else if not (has .alert $rules.disabled) -}}
{{- $_ := set .annotations "runbook_url" (printf "%s#%s" $rules.runbookUrl (lower .alert)) -}}
{{- $_ := set . "labels" (merge (deepCopy $rules.additionalLabels) .labels) -}}
{{- $kept = append $kept . -}}
{{- end -}}
{{- end -}}
{{- $groups = append $groups (dict "name" .name "rules" $kept) -}}
{{- end -}}
{{- concat $groups $rules.additionalGroups | toYaml -}}
{{- end -}}
