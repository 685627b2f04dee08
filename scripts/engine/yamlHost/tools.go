//go:build tools

// Package yamlhost pins the language host that runs a Pulumi program written in YAML.
package yamlhost

import _ "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"
