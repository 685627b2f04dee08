//go:build tools

// Package nodehost pins the language host that runs a Pulumi program on Node.
package nodehost

import _ "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"
