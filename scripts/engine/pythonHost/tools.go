//go:build tools

// Package pythonhost pins the language host that runs a Pulumi program in Python.
package pythonhost

import _ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
