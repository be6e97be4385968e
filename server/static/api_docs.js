// A file of its own, because the page's content policy allows no script inside the page.
window.ui = SwaggerUIBundle({
  url: document.currentScript.dataset.document,
  dom_id: "#swagger-ui",
  deepLinking: true,
  // The default sends the document to an outside validator.
  validatorUrl: null,
});
